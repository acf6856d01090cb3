resource "google_project_service" "run" {
  service            = "run.googleapis.com"
  disable_on_destroy = false
}

# A service that nobody may call but those below. Without a binding for allUsers it is closed.
resource "google_cloud_run_v2_service" "service" {
  name             = var.service
  location         = var.region
  custom_audiences = var.custom_audiences
  depends_on       = [google_project_service.run]

  template {
    containers {
      image = var.image

      # HTTP/2 up to the container, for streams in both directions: the port named h2c is what --use-http2 sets.
      ports {
        name           = "h2c"
        container_port = 9080
      }
    }
  }
}

# Perdure calls it as itself. With impersonation, see impersonation.tf, this is not needed.
resource "google_cloud_run_v2_service_iam_member" "perdure" {
  name     = google_cloud_run_v2_service.service.name
  location = google_cloud_run_v2_service.service.location
  role     = "roles/run.invoker"
  member   = google_service_account.perdure.member
}

# restate deployments register "$(terraform output -raw service_url)" --gcp-id-token
output "service_url" {
  value = google_cloud_run_v2_service.service.uri
}
