terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
  }

  # terraform init -backend-config=environments/<name>.gcs.tfbackend
  backend "gcs" {}
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}

# API Gateway is in this provider alone.
provider "google-beta" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}
