package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody bounds a call; the biggest legitimate one carries a base64 picture.
const maxBody = 20 << 20

// call is one request after the gateway accepted it.
type call struct {
	api    *api
	app    *app
	args   url.Values
	base   string // of picture URLs
	id     string
	now    time.Time
	behave string   // a fault the handler itself must act out
	note   []string // facts for the transcript
	raw    []byte   // finished answer, instead of the payload
	answer any      // finished answer object, bypassing the envelope
}

// gatewayError is a refusal before the API ran.
type gatewayError struct {
	status        int
	code, message string
}

func (s *Server) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("/openapi/param2/", s.gateway)
	m.HandleFunc("POST /openapi/http/1/system.oauth2/getToken/{key}", s.oauth)
	m.HandleFunc("GET /img/{offer}/{file}", s.picture)
	s.cashierRoutes(m)
	s.controlRoutes(m)
	s.pageRoutes(m)
	return m
}

func (s *Server) gateway(w http.ResponseWriter, r *http.Request) {
	c := &call{base: s.pictureBase(r)}
	ge := s.accept(w, r, c)
	if ge != nil {
		s.fail(w, c, ge)
		return
	}
	f := s.apiFault(c.api.name)
	if f != nil && s.before(w, r, c, f) {
		return
	}
	body := s.execute(c)
	if f != nil && s.after(w, r, f, body) {
		return
	}
	reply(w, http.StatusOK, body)
}

// accept runs the gateway's checks in the gateway's order: API, app key, signature, token, arguments. (ACL refusals are a fault switch.)
func (s *Server) accept(w http.ResponseWriter, r *http.Request, c *call) *gatewayError {
	path := strings.TrimPrefix(r.URL.Path, "/openapi/")
	seg := strings.Split(path, "/") // param2, version, namespace, name, key
	if len(seg) < 4 || len(seg) > 5 || seg[1] != "1" || s.apis[seg[2]+"/"+seg[3]] == nil {
		return &gatewayError{400, "gw.APIUnsupported", "API is not supported"}
	}
	c.api = s.apis[seg[2]+"/"+seg[3]]
	s.mu.Lock()
	s.requests++
	c.id = fmt.Sprintf("sbx%016x%08x", mix(uint64(s.seed)), s.requests)
	c.api.received++
	c.now = s.now()
	s.mu.Unlock()
	if len(seg) < 5 || seg[4] == "" {
		return &gatewayError{400, "gw.AppKeyMissing", "AppKey is missing"}
	}
	if c.app = s.apps[seg[4]]; c.app == nil {
		return &gatewayError{400, "gw.AppKeyNotFound", "AppKey is not found"}
	}
	if err := parseForm(w, r); err != nil {
		return &gatewayError{400, "gw.RequestInvalid", "request body cannot be read"}
	}
	c.args = r.Form
	got := c.args.Get(signatureField)
	if got == "" {
		return &gatewayError{400, "gw.SignatureMissing", "Signature is missing"}
	}
	if !sameSignature(got, signature(c.app.Secret, path, c.args)) {
		return &gatewayError{400, "gw.SignatureInvalid", "Invalid signature"}
	}
	if !c.api.open && !s.tokenOK(c.app, c.args.Get("access_token")) {
		return &gatewayError{401, "401", "Request need user authorized"}
	}
	return s.acl(c)
}

// acl is the permission check and what comes after it: the arguments.
func (s *Server) acl(c *call) *gatewayError {
	if s.refusedByACL(c.api.name) {
		return &gatewayError{400, "gw.APIACLDecline", "AppKey is not allowed(acl)"}
	}
	for _, want := range c.api.required {
		found := false
		for name := range strings.SplitSeq(want, "|") {
			found = found || c.args.Get(name) != ""
		}
		if !found {
			return &gatewayError{400, "gw.ParamMissing", "Parameter is missing: " + want}
		}
	}
	return nil
}

func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		return r.ParseMultipartForm(maxBody) //nolint:gosec // the body is bounded above
	}
	return r.ParseForm()
}

// execute runs the handler and wraps its answer.
func (s *Server) execute(c *call) []byte {
	if c.api.lock {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	payload, ref := c.api.handle(s, c)
	if !c.api.lock {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	outcome := "ok"
	var answer any
	switch {
	case ref != nil:
		c.api.refused++
		outcome = ref.code
		if answer = c.answer; answer == nil {
			answer = c.api.envelope.bad(ref)
		}
	case c.raw != nil:
		c.api.executed++
	case c.answer != nil:
		c.api.executed++
		answer = c.answer
	default:
		c.api.executed++
		answer = c.api.envelope.good(payload)
	}
	s.record(c, outcome)
	s.commit()
	if c.raw != nil {
		return c.raw
	}
	return marshal(answer)
}

// fail answers a gateway refusal. Both text fields are filled, because real answers use either.
func (s *Server) fail(w http.ResponseWriter, c *call, ge *gatewayError) {
	s.mu.Lock()
	s.gatewayErrors[ge.code]++
	if c.id == "" {
		s.requests++
		c.id = fmt.Sprintf("sbx%016x%08x", mix(uint64(s.seed)), s.requests)
	}
	s.record(c, ge.code)
	s.mu.Unlock()
	reply(w, ge.status, marshal(obj{"error_code": ge.code, "error_message": ge.message, "exception": ge.message, "request_id": c.id}))
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// marshal writes JSON the way the gateway does: no HTML escaping, no trailing newline.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("sandbox: cannot encode an answer: " + err.Error()) // our own types only
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// decode reads a JSON argument.
func (c *call) decode(name string, into any) *refusal {
	if err := json.Unmarshal([]byte(c.args.Get(name)), into); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			return refuse("400_1", "parameter "+name+"."+te.Field+" has the wrong type")
		}
		return refuse("400_1", "parameter "+name+" is not valid JSON")
	}
	return nil
}

func (s *Server) pictureBase(r *http.Request) string {
	if s.opt.PublicURL != "" {
		return strings.TrimRight(s.opt.PublicURL, "/")
	}
	return "http://" + r.Host
}
