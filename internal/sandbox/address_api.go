package sandbox

func addressAPIs() []api { return nil }
