// Renders a template with Go's own engine, which is Helm's, and the one function of Helm's that the chart uses.
package main

import (
	"encoding/json"
	"os"
	"text/template"
)

func main() {
	var data map[string]any
	must(json.NewDecoder(os.Stdin).Decode(&data))
	text, err := os.ReadFile(os.Args[1])
	must(err)
	functions := template.FuncMap{"toJson": func(value any) string {
		bytes, err := json.Marshal(value)
		must(err)
		return string(bytes)
	}}
	parsed, err := template.New("").Funcs(functions).Option("missingkey=error").Parse(string(text))
	must(err)
	must(parsed.Execute(os.Stdout, data))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
