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

# Budgets belong to no project, so whoever makes one must say whose quota it is.
provider "google" {
  alias                 = "billing"
  project               = var.project
  billing_project       = var.project
  user_project_override = true
}

# API Gateway is in this provider alone.
provider "google-beta" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}
