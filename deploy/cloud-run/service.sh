#!/bin/sh
# A Cloud Run service that nobody but Perdure may call. Run it in the directory of the service.
#
# PROJECT   project id
# REGION    for example europe-west1
# SERVICE   name of the service, for example greeter
# PERDURE   service account that Perdure runs as, for example perdure@my-project.iam.gserviceaccount.com
set -eu

# What a deployment from source uses.
gcloud services enable run.googleapis.com cloudbuild.googleapis.com artifactregistry.googleapis.com --project "$PROJECT"

# HTTP/2 up to the container, for streams in both directions; callers need the role below.
gcloud run deploy "$SERVICE" --project "$PROJECT" --region "$REGION" --source . \
  --use-http2 --no-allow-unauthenticated

gcloud run services add-iam-policy-binding "$SERVICE" --project "$PROJECT" --region "$REGION" \
  --role roles/run.invoker --member "serviceAccount:$PERDURE"

url=$(gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" --format 'value(status.url)')

# Discovery goes through the same door as every invocation. A new grant may take some minutes to hold: repeat this then.
restate deployments register "$url" --gcp-id-token --yes
