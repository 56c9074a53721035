locals {
  folder = "/secrets"

  # Whoever calls customers' hosts leaves by the network's fixed address; whoever keeps rows needs the way to the database.
  egress = {
    for name, each in var.functions : name => (
      contains(each.uses, "customer_hosts") ? "ALL_TRAFFIC" :
      length(setintersection(each.uses, ["database", "resolver", "observer", "relay"])) > 0 ? "PRIVATE_RANGES_ONLY" : ""
    )
  }
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124: API Gateway and cloudfunctions.net do not count as internal; IAM is the door

  for_each = var.functions

  name         = each.key
  description  = each.value.summary
  location     = var.region
  kms_key_name = var.kms_key == "" ? null : var.kms_key

  labels = { kind = each.value.kind }

  build_config {
    runtime           = "python313"
    entry_point       = each.key
    docker_repository = var.build.repository
    service_account   = var.build.account

    # Compiled files are then valid by content, not by times that the platform resets.
    environment_variables = { SOURCE_DATE_EPOCH = "315532800" }

    source {
      storage_source {
        bucket = var.bundles.bucket
        # Named by what it does: what has not changed is not deployed again.
        object = var.bundles.objects[each.key]
      }
    }

    automatic_update_policy {}
  }

  service_config {
    service_account_email = var.accounts[each.key]
    timeout_seconds       = each.value.timeout
    available_memory      = "${each.value.memory}Mi"
    # Below one processor Google allows one request at a time.
    available_cpu                    = each.value.concurrency > 1 ? "1" : null
    max_instance_request_concurrency = each.value.concurrency
    max_instance_count               = var.instances[each.key]
    min_instance_count               = each.value.warm && var.keep_warm ? 1 : 0
    all_traffic_on_latest_revision   = true
    # Neither API Gateway nor the cloudfunctions.net addresses that tasks are sent to count as internal: IAM is the door.
    ingress_settings              = "ALLOW_ALL"
    vpc_connector                 = local.egress[each.key] == "" ? null : var.connector
    vpc_connector_egress_settings = local.egress[each.key] == "" ? null : local.egress[each.key]

    environment_variables = merge(var.settings, {
      THREADS = tostring(each.value.concurrency)
      }, {
      # database_ca is the path of a file by itself; of all others the file's content is the setting.
      for setting in keys(var.secrets[each.key]) :
      upper(setting == "database_ca" ? setting : "${setting}_file") => "${local.folder}/${setting}/value"
    })

    dynamic "secret_volumes" {
      for_each = var.secrets[each.key]

      content {
        project_id = var.project
        secret     = secret_volumes.value
        mount_path = "${local.folder}/${secret_volumes.key}"

        versions {
          version = "latest"
          path    = "value"
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.bundles.objects[each.key] != ""
      error_message = "There is no zip of ${each.key}: run `python3 -m infra bundle` and `python3 -m infra publish`, and give Terraform what they wrote."
    }
  }
}

# A second generation function is a Cloud Run service of its name, and Cloud Run decides who may call.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = var.functions

  location = var.region
  name     = replace(google_cloudfunctions2_function.this[each.key].name, "_", "-")
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.invoker_of[each.key]}"
}
