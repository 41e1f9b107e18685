package sandbox

func refundAPIs() []api { return nil }

// refundActions are what seller, carrier, service and time do to refunds.
func refundActions() []orderAction { return nil }
