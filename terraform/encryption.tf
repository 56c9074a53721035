# Where a key of one's own encrypts what is stored, Google's services must be able to use it.
locals {
  encrypting = var.kms_key == "" ? [] : ["artifactregistry", "cloudfunctions", "pubsub", "run", "secretmanager", "sqladmin"]
}

# Pub/Sub's own account signs its pushes and buries dead letters, also before it was first used.
resource "google_project_service_identity" "this" {
  provider = google-beta
  for_each = toset(concat(["pubsub"], local.encrypting))

  service = "${each.value}.googleapis.com"

  depends_on = [google_project_service.used]
}

resource "google_kms_crypto_key_iam_member" "services" {
  for_each = toset(local.encrypting)

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = google_project_service_identity.this[each.value].member
}

resource "google_kms_crypto_key_iam_member" "disks_and_buckets" {
  for_each = var.kms_key == "" ? toset([]) : toset(["compute-system", "gs-project-accounts"])

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${local.number}@${each.value}.iam.gserviceaccount.com"

  depends_on = [google_project_service.used]
}
