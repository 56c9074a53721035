output "topics" {
  value = keys(google_pubsub_topic.events)
}

output "subscriptions" {
  description = "What each consumer's subscription lets through, by its name."
  value = {
    for name, each in google_pubsub_subscription.push :
    name => { consumer = local.subscriptions[name].consumer, topic = local.subscriptions[name].topic, filter = each.filter }
  }
}

output "queues" {
  value = keys(google_cloud_tasks_queue.this)
}

output "jobs" {
  value = { for name, each in google_cloud_scheduler_job.this : name => each.schedule }
}
