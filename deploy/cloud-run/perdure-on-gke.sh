#!/bin/sh
# Perdure on GKE. The pod is a Google service account by Workload Identity, which Autopilot clusters have switched on.
# The account is linked to the pod's own, because the metadata server mints ID tokens only for Google service accounts.
#
# PROJECT   project id
# REGION    for example europe-west1
# IMAGE     a container image of Perdure: this package on a Node.js image, started by "node dist/main.js"
set -eu

perdure="perdure@$PROJECT.iam.gserviceaccount.com"
here=$(dirname "$0")

gcloud services enable container.googleapis.com iam.googleapis.com --project "$PROJECT"
gcloud container clusters create-auto perdure --project "$PROJECT" --region "$REGION"
gcloud container clusters get-credentials perdure --project "$PROJECT" --region "$REGION"

gcloud iam service-accounts create perdure --project "$PROJECT" --display-name Perdure
gcloud iam service-accounts add-iam-policy-binding "$perdure" --project "$PROJECT" \
  --role roles/iam.workloadIdentityUser --member "serviceAccount:$PROJECT.svc.id.goog[perdure/perdure]"

kubectl kustomize "$here/gke" | sed -e "s|IMAGE|$IMAGE|" -e "s|PROJECT|$PROJECT|" | kubectl apply -f -

# The admin API stays on loopback, reach it through the cluster:
#   kubectl port-forward --namespace perdure statefulset/perdure 9070:9070
echo "PERDURE=$perdure"
