package sandbox

// Namespaces of the imitated APIs.
const (
	nsCross     = "com.alibaba.fenxiao.crossborder"
	nsTrade     = "com.alibaba.trade"
	nsLogistics = "com.alibaba.logistics"
	nsSystem    = "system"
	nsOAuth     = "system.oauth2"
	nsAccount   = "com.alibaba.account"
	nsMarketing = "com.alibaba.marketing"
	nsFenxiao   = "com.alibaba.fenxiao"
	nsOpen      = "cn.alibaba.open"
)

// api is one row of the registry: how the gateway treats the call before the handler sees it.
type api struct {
	ns, name string
	open     bool     // no access token needed
	required []string // top-level arguments; "a|b" = one of them
	lock     bool     // the handler touches the state: run it under Server.mu
	envelope envelope
	handle   func(*Server, *call) (any, *refusal)

	received, executed, refused int64 // guarded by Server.mu
}

// refusal is a business failure; the API's envelope decides where its words go.
type refusal struct {
	code, message string
	payload       any // what the API sends beside the failure, if anything
}

func refuse(code, message string) *refusal { return &refusal{code: code, message: message} }

// registry lists every imitated API by "namespace/name"; version is always 1. A new group adds its table here.
func registry() map[string]*api {
	m := map[string]*api{}
	for _, group := range [][]api{
		systemAPIs(), tokenAPIs(), catalogueAPIs(), discoveryAPIs(), categoryAPIs(), followAPIs(), freightAPIs(), siteOnlyAPIs(), imageAPIs(), accountAPIs(), identityAPIs(), previewAPIs(), orderAPIs(), noteAPIs(),
		addressAPIs(), couponAPIs(), payAPIs(), logisticsAPIs(), refundAPIs(), writeBackAPIs(), pushAPIs(),
	} {
		for i := range group {
			m[group[i].ns+"/"+group[i].name] = &group[i]
		}
	}
	return m
}

// envelope turns payload or refusal into the answer's JSON.
type envelope struct {
	good func(payload any) any
	bad  func(*refusal) any
}

type obj = map[string]any

// envA is {"result":{"success","code","message","result"}}; void leaves the inner result out (write-back).
func envA(void bool) envelope {
	wrap := func(ok bool, code, message string, payload any) any {
		in := obj{"success": ok, "code": code, "message": message}
		if !void {
			in["result"] = payload
		}
		return obj{"result": in}
	}
	return envelope{
		good: func(p any) any { return wrap(true, "S0000", "success", p) },
		bad:  func(r *refusal) any { return wrap(false, r.code, r.message, r.payload) },
	}
}

// envB is {"result":PAYLOAD,"success":...}; text writes success as text, as the order detail does.
func envB(text bool) envelope {
	flag := func(ok bool) any {
		switch {
		case !text:
			return ok
		case ok:
			return "true"
		}
		return "false"
	}
	return envelope{
		good: func(p any) any { return obj{"result": p, "success": flag(true)} },
		bad: func(r *refusal) any {
			return obj{"success": flag(false), "errorCode": r.code, "errorMessage": r.message}
		},
	}
}

// envFlat is family C: the handler's payload is the whole answer, failures name their fields themselves.
func envFlat(codeField, messageField string) envelope {
	return envelope{
		good: func(p any) any { return p },
		bad: func(r *refusal) any {
			o := obj{"success": false, codeField: r.code, messageField: r.message}
			if r.payload != nil {
				o["result"] = r.payload
			}
			return o
		},
	}
}
