#!/bin/sh
# Registers a service by its own domain. Cloud Run does not know the domain, unless it is told to accept tokens for it.
#
# PROJECT   project id
# REGION    of the service
# SERVICE   name of a service that is deployed closed, see service.sh
# DOMAIN    leads to the service by a load balancer or a domain mapping, for example greeter.example.com
set -eu

# With this, tokens for the domain, which is what Perdure asks for by itself, are accepted beside those for the run.app URL.
gcloud run services update "$SERVICE" --project "$PROJECT" --region "$REGION" --add-custom-audiences "https://$DOMAIN"

# Where the service is not yours to change, leave that out and add here: --gcp-audience THE-RUN-APP-URL
restate deployments register "https://$DOMAIN" --gcp-id-token --yes
