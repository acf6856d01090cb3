variable "project" {
  type = string
}

variable "region" {
  type    = string
  default = "europe-west1"
}

variable "zone" {
  type    = string
  default = "europe-west1-b"
}

# Name of the service and its container image.
variable "service" {
  type    = string
  default = "greeter"
}

variable "image" {
  type = string
}

# Domains that lead to the service, for example https://greeter.example.com. Perdure asks for tokens for these.
variable "custom_audiences" {
  type    = list(string)
  default = []
}
