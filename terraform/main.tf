locals {
  labels = { application = "ventros", environment = var.environment }

  manifest  = jsondecode(file("${path.root}/../infra/manifest.json"))
  all       = { for each in local.manifest.functions : each.name => each }
  functions = { for name, each in local.all : name => each if each.kind != "service" }
  services  = { for name, each in local.all : name => each if each.kind == "service" }
  public    = { for name, each in local.functions : name => each if contains(["endpoint", "webhook", "preflight"], each.kind) }
  pushed    = { for name, each in local.functions : name => each if !contains(keys(local.public), name) }

  number    = data.google_project.this.number
  instances = { for name, each in local.all : name => lookup(var.instances_of, name, var.instances[each.kind]) }

  # Known before the functions are, so that the gateway's own address can be a setting of theirs.
  addresses          = { for name in keys(local.public) : name => "https://${replace(name, "_", "-")}-${local.number}.${var.region}.run.app" }
  functions_base_url = "https://${var.region}-${var.project}.cloudfunctions.net"
  public_base_url    = var.public_base_url != "" ? var.public_base_url : module.gateway.url

  secrets_without_counters = var.upstash_url == "" ? ["upstash_token"] : []
  secrets_of               = { for name, each in local.all : name => setsubtract(each.secrets, local.secrets_without_counters) }

  settings = merge({
    GOOGLE_PROJECT     = var.project
    GOOGLE_REGION      = var.region
    PUBLIC_BASE_URL    = local.public_base_url
    TOKEN_ISSUER       = local.public_base_url
    FUNCTIONS_BASE_URL = local.functions_base_url
    PUSHER_ACCOUNT     = module.accounts.pusher.email
    MEDIA_BUCKET       = module.storage.media
    # The gateway writes one address behind the caller's; a load balancer before it one more.
    PROXIES_BEHIND_CALLER = var.custom_domain == "" ? "1" : "2"
    # What customers' addresses may not lead back to.
    OWN_HOSTS = join(",", distinct([for url in [module.gateway.url, local.functions_base_url] : trimprefix(url, "https://")]))
  }, module.cache.settings, var.settings)
}

data "google_project" "this" {
  project_id = var.project

  depends_on = [google_project_service.used]
}

resource "google_project_service" "used" {
  for_each = toset([
    "aiplatform.googleapis.com",
    "apigateway.googleapis.com",
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "cloudtrace.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicecontrol.googleapis.com",
    "servicemanagement.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "telemetry.googleapis.com",
    "vpcaccess.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

module "network" {
  source = "./modules/network"

  region    = var.region
  connector = var.connector

  depends_on = [google_project_service.used]
}

module "accounts" {
  source = "./modules/accounts"

  project   = var.project
  functions = local.all

  depends_on = [google_project_service.used]
}

module "secrets" {
  source = "./modules/secrets"

  region    = var.region
  kms_key   = var.kms_key
  accessors = merge(local.own_accessors, local.accessors)
  writers = {
    for name in keys(merge(local.accessors, local.own_accessors)) : name => { migrator = module.accounts.migrator.email }
    if name != "upstash_token"
  }

  depends_on = [google_project_service.used, google_kms_crypto_key_iam_member.services]
}

locals {
  # secret => account id => its address
  accessors = {
    for secret in toset(flatten([for name, secrets in local.secrets_of : tolist(secrets)])) : secret => merge([
      for name, secrets in local.secrets_of : {
        (module.accounts.ids[name]) = module.accounts.emails[name]
      } if contains(secrets, secret)
    ]...)
  }

  own_accessors = {
    owner_database_url = {}
    storage_key_id     = {}
    storage_key_secret = {}
    pooler_users       = { pooler = module.accounts.pooler.email }
    pooler_certificate = { pooler = module.accounts.pooler.email }
    pooler_key         = { pooler = module.accounts.pooler.email }
    smoke_password     = { deployer = module.ci.deployer }
  }
}

module "database" {
  source = "./modules/database"

  region   = var.region
  network  = module.network
  settings = var.database
  pooling  = { managed = var.pooler.managed, connections = var.pooler.app_connections, clients = var.pooler.clients }
  kms_key  = var.kms_key

  depends_on = [terraform_data.connection_budget, google_kms_crypto_key_iam_member.services]
}

module "pooler" {
  source = "./modules/pooler"
  count  = var.pooler.managed ? 0 : 1

  project  = var.project
  region   = var.region
  network  = module.network
  database = module.database
  sizes    = var.pooler
  account  = module.accounts.pooler.email
  secrets  = module.secrets.names
  kms_key  = var.kms_key

  depends_on = [google_kms_crypto_key_iam_member.disks_and_buckets]
}

module "storage" {
  source = "./modules/storage"

  storing = module.accounts.storing
  links   = module.accounts.links.member
  project = var.project
  region  = var.region
  kms_key = var.kms_key

  depends_on = [google_project_service.used, google_kms_crypto_key_iam_member.disks_and_buckets]
}

module "cache" {
  source = "./modules/cache"

  url = var.upstash_url
}

module "ci" {
  source = "./modules/ci"

  project    = var.project
  region     = var.region
  kms_key    = var.kms_key
  repository = var.repository
  bundles    = module.storage.bundles
  build = {
    _ENVIRONMENT  = var.environment
    _REGION       = var.region
    _STATE_BUCKET = var.state_bucket
    _BUNDLES      = module.storage.bundles
  }
  accounts = module.accounts.runtime

  depends_on = [google_project_service.used, google_kms_crypto_key_iam_member.services]
}

module "migration" {
  source = "./modules/migration"

  project  = var.project
  region   = var.region
  links    = module.accounts.links.email
  image    = lookup(var.images, "operator", "")
  account  = module.accounts.migrator
  network  = module.network
  database = module.database
  pooler   = one(concat(module.pooler[*].address, var.pooler.managed ? [module.database.address] : []))
  limits   = local.role_limits
  secrets  = module.secrets.names
}

module "functions" {
  source = "./modules/functions"

  project    = var.project
  region     = var.region
  functions  = local.functions
  base_url   = local.functions_base_url
  instances  = local.instances
  keep_warm  = var.keep_warm
  bundles    = { bucket = module.storage.bundles, objects = { for name in keys(local.functions) : name => lookup(var.bundles, name, var.placeholder_bundle) } }
  build      = { repository = module.ci.functions_repository, account = module.ci.builder }
  accounts   = module.accounts.emails
  secrets    = { for name in keys(local.functions) : name => { for secret in local.secrets_of[name] : secret => module.secrets.names[secret] } }
  settings   = local.settings
  connector  = module.network.connector
  kms_key    = var.kms_key
  invoker_of = merge({ for name in keys(local.public) : name => module.accounts.gateway.email }, { for name in keys(local.pushed) : name => module.accounts.pusher.email })

  # A function's first instance finds its secrets and its schema.
  depends_on = [module.migration]
}

module "gateway" {
  source = "./modules/gateway"

  region        = var.gateway_region
  document      = templatefile("${path.root}/../infra/gateway.json", local.addresses)
  account       = module.accounts.gateway
  custom_domain = var.custom_domain
  rate          = var.requests_per_minute_and_address

  depends_on = [google_project_service.used]
}

module "messaging" {
  source = "./modules/messaging"

  project       = var.project
  number        = local.number
  region        = var.region
  manifest      = local.manifest
  urls          = module.functions.urls
  pusher        = module.accounts.pusher
  publishers    = module.accounts.publishers
  task_creators = module.accounts.task_creators
  queue_rates   = var.queue_rates
  kms_key       = var.kms_key

  depends_on = [google_project_service_identity.this, google_kms_crypto_key_iam_member.services]
}

module "services" {
  source = "./modules/services"

  region    = var.region
  services  = local.services
  images    = { for name in keys(local.services) : name => lookup(var.images, name, "") }
  instances = local.instances
  accounts  = module.accounts.emails
  secrets   = { for name in keys(local.services) : name => { for secret in local.secrets_of[name] : secret => module.secrets.names[secret] } }
  settings  = local.settings
  network   = module.network

  depends_on = [module.migration, module.messaging]
}

module "observability" {
  source = "./modules/observability"

  project      = var.project
  region       = var.region
  emails       = var.alert_emails
  runbooks_url = var.runbooks_url
  database     = { instance = module.database.name, max_connections = var.database.max_connections }
  unhurried    = [for name in keys(local.pushed) : replace(name, "_", "-")]
  seldom       = [for name, each in local.pushed : replace(name, "_", "-") if each.kind == "schedule" && can(regex("^[0-9]", each.trigger.cron))]
  span_readers = module.accounts.span_readers
  kms_key      = var.kms_key

  depends_on = [google_project_service_identity.this, google_kms_crypto_key_iam_member.services]
}

module "spending" {
  source    = "./modules/spending"
  count     = var.monthly_budget.billing_account == "" ? 0 : 1
  providers = { google = google.billing }

  project  = var.project
  number   = local.number
  budget   = var.monthly_budget
  channels = module.observability.channels

  depends_on = [google_project_service.used]
}
