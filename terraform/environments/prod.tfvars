environment = "prod"

instances = {
  endpoint  = 5
  webhook   = 20
  consumer  = 10
  task      = 10
  schedule  = 1
  service   = 1
  preflight = 5
}

database = {
  tier             = "db-custom-2-7680"
  disk_gb          = 50
  available_in_two = true
  max_connections  = 300
}

pooler = {
  instances       = 2
  app_connections = 40
  clients         = 25000
}

# Histories are read by two at once for each of the database's processors, as each waits for WAHA half of its time: with
# many more, live messages wait.
queue_rates = {
  history = { per_second = 50, at_once = 4 }
}
