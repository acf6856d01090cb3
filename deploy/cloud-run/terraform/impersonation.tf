# A caller identity for this one service, which Perdure impersonates.
resource "google_project_service" "iam_credentials" {
  service            = "iamcredentials.googleapis.com"
  disable_on_destroy = false
}

resource "google_service_account" "caller" {
  account_id   = "${var.service}-caller"
  display_name = "Calls ${var.service}"
}

# Perdure may mint ID tokens of the account, and nothing else in its name.
resource "google_service_account_iam_member" "perdure_mints" {
  service_account_id = google_service_account.caller.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.perdure.member
}

resource "google_cloud_run_v2_service_iam_member" "caller" {
  name     = google_cloud_run_v2_service.service.name
  location = google_cloud_run_v2_service.service.location
  role     = "roles/run.invoker"
  member   = google_service_account.caller.member
}

# restate deployments register URL --gcp-impersonate-service-account "$(terraform output -raw caller)"
output "caller" {
  value = google_service_account.caller.email
}
