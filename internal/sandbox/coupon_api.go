package sandbox

func couponAPIs() []api { return nil }
