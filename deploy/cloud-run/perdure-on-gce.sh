#!/bin/sh
# A virtual machine for Perdure. Its service account is who Perdure is; there is no key.
#
# PROJECT   project id
# ZONE      for example europe-west1-b
set -eu

perdure="perdure@$PROJECT.iam.gserviceaccount.com"
gcloud services enable compute.googleapis.com iam.googleapis.com --project "$PROJECT"
gcloud iam service-accounts create perdure --project "$PROJECT" --display-name Perdure

# The scope is for impersonation; what the account may do is decided by its roles. Without roles it may do nothing.
gcloud compute instances create perdure --project "$PROJECT" --zone "$ZONE" --machine-type e2-standard-2 \
  --image-family debian-12 --image-project debian-cloud \
  --service-account "$perdure" --scopes cloud-platform

# Install Node.js and Perdure there. The admin API stays on loopback, reach it through SSH:
#   gcloud compute ssh perdure --project "$PROJECT" --zone "$ZONE" -- -N -L 9070:localhost:9070
echo "PERDURE=$perdure"
