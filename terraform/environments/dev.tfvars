# Small and cheap: the first call of a quiet function waits for its start.
environment = "dev"
keep_warm   = false

instances = {
  endpoint  = 2
  webhook   = 4
  consumer  = 3
  task      = 3
  schedule  = 1
  service   = 1
  preflight = 2
}

database = {
  tier            = "db-custom-1-3840"
  max_connections = 120
  protected       = false
  backups_kept    = 3
  log_days        = 1
}

pooler = {
  instances       = 1
  app_connections = 20
  clients         = 10000
}

# Histories are read by two at once for each of the database's processors, as each waits for WAHA half of its time: with
# many more, live messages wait.
queue_rates = {
  history = { per_second = 50, at_once = 2 }
}
