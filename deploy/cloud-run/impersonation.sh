#!/bin/sh
# Calls a service as a service account of its own, which Perdure impersonates: one caller identity for each service, and
# the only way for credentials that mint no ID token by themselves (federation, users).
#
# PROJECT   project id
# REGION    of the service
# SERVICE   name of a service that is deployed closed, see service.sh
# PERDURE   who Perdure is: serviceAccount:perdure@my-project.iam.gserviceaccount.com, user:you@example.com, or the
#           principal://… of a federated workload
set -eu

caller="$SERVICE-caller@$PROJECT.iam.gserviceaccount.com"

gcloud services enable iamcredentials.googleapis.com --project "$PROJECT"
gcloud iam service-accounts create "$SERVICE-caller" --project "$PROJECT" --display-name "Calls $SERVICE"

# Perdure may mint ID tokens of the account, and nothing else in its name.
gcloud iam service-accounts add-iam-policy-binding "$caller" --project "$PROJECT" \
  --role roles/iam.serviceAccountOpenIdTokenCreator --member "$PERDURE"
gcloud run services add-iam-policy-binding "$SERVICE" --project "$PROJECT" --region "$REGION" \
  --role roles/run.invoker --member "serviceAccount:$caller"

url=$(gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" --format 'value(status.url)')

# --force: the service may be registered already, with another identity.
restate deployments register "$url" --gcp-impersonate-service-account "$caller" --force --yes
