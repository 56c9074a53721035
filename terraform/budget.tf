# How many connections there can be when everything runs at its limit at once, held against what there is room for.
locals {
  # SQLAlchemy's pool and the pipelined reads keep connections of their own.
  pools_of_a_role = 2

  # A relay and its successor run side by side during a deploy.
  relays_at_once = 2

  # Cloud SQL's own have one for each four processors; each of PgBouncer's has its successor up before it goes.
  processors      = try(tonumber(regex("[0-9]+$", replace(var.database.tier, "/^db-custom-([0-9]+)-.*/", "$1"))), 1)
  poolers_at_once = var.pooler.managed ? max(1, floor(local.processors / 4)) : 2 * var.pooler.instances

  # Of one pooler, to the database. Cloud SQL's own know one size, for each of the three roles.
  pool_of_app = var.pooler.app_connections + (var.pooler.managed ? 0 : var.pooler.reserve)
  pools       = var.pooler.managed ? 3 * var.pooler.app_connections : local.pool_of_app + var.pooler.resolver + var.pooler.reserve

  threads_at_once = { for name, each in local.all : name => local.instances[name] * each.concurrency }

  clients = sum(concat([0], [
    for name, each in local.functions :
    local.threads_at_once[name] * (
      (contains(each.uses, "database") ? local.pools_of_a_role : 0)
      + length(setintersection(each.uses, ["resolver", "observer"]))
    )
  ]))

  # What speaks to the database past the poolers: relays, and what the clock starts.
  direct = sum(concat([0], [
    for name, each in local.all :
    local.instances[name] * (contains(each.uses, "pubsub") ? var.database.relay_connections : each.concurrency)
    * (each.kind == "service" ? local.relays_at_once : 1)
    if contains(each.uses, "relay")
  ]))

  pooled = local.poolers_at_once * local.pools

  budget = {
    clients         = local.clients
    clients_allowed = var.pooler.clients
    pooled          = local.pooled
    direct          = local.direct
    migration       = var.database.migration_connections
    reserved        = var.database.connections_reserved
    total           = local.pooled + local.direct + var.database.migration_connections + var.database.connections_reserved
    allowed         = var.database.max_connections
  }

  role_limits = {
    ventros_app      = local.poolers_at_once * local.pool_of_app
    ventros_resolver = local.poolers_at_once * (var.pooler.managed ? var.pooler.app_connections : var.pooler.resolver + var.pooler.reserve)
    # With PgBouncer within the pools for the application: one scrape at a time and the next, on each.
    ventros_observer = local.poolers_at_once * (var.pooler.managed ? var.pooler.app_connections : 2)
    ventros_relay    = local.direct
    ventros_owner    = var.database.migration_connections
  }
}

resource "terraform_data" "connection_budget" {
  input = local.budget

  lifecycle {
    precondition {
      condition     = local.budget.total <= local.budget.allowed
      error_message = "The database would be asked for ${local.budget.total} connections (${local.budget.pooled} by the poolers, ${local.budget.direct} past them, ${local.budget.migration} by a migration, ${local.budget.reserved} kept back) and allows ${local.budget.allowed}. Make the poolers' pools smaller or the database larger."
    }

    # One pooler must hold them all while the other is replaced.
    precondition {
      condition     = local.budget.clients <= local.budget.clients_allowed
      error_message = "Functions could open ${local.budget.clients} connections to a pooler, which takes ${local.budget.clients_allowed}. Allow fewer instances, declare less concurrency, or raise pooler.clients with its machine type."
    }
  }
}
