package sandbox

func categoryAPIs() []api { return nil }
