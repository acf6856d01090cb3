# Who Perdure is. There is no key: the metadata server of the machine or the pod speaks for it.
resource "google_service_account" "perdure" {
  account_id   = "perdure"
  display_name = "Perdure"
}

# On Compute Engine.
resource "google_compute_instance" "perdure" {
  name         = "perdure"
  zone         = var.zone
  machine_type = "e2-standard-2"

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    network = "default"

    # An address of its own, to reach run.app and Google's APIs. Cloud NAT does as well.
    access_config {}
  }

  # The scope is for impersonation; what the account may do is decided by its roles.
  service_account {
    email  = google_service_account.perdure.email
    scopes = ["cloud-platform"]
  }
}

# On GKE: the service account perdure in the namespace perdure of a cluster with Workload Identity is this account. The
# Kubernetes account needs the annotation iam.gke.io/gcp-service-account, see perdure-on-gke.sh.
resource "google_service_account_iam_member" "perdure_pod" {
  service_account_id = google_service_account.perdure.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[perdure/perdure]"
}
