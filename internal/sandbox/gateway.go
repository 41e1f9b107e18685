package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
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
	files  map[string][]byte // multipart parts with a file name, by field
	base   string            // of picture URLs
	n      int64             // number of the call since the start or reset
	seed   int64
	now    time.Time
	behave string   // a fault the handler itself must act out
	fault  string   // the fault that struck
	note   []string // facts for the transcript
	raw    []byte   // finished answer, instead of the payload
	answer any      // finished answer object, bypassing the envelope

	site bool       // speaks the national-site profile
	sent url.Values // what came in, when args also hold the wrapper made of that profile's bare fields
}

// id is what a failure answer calls the request by.
func (c *call) id() string { return fmt.Sprintf("sbx%016x%08x", mix(uint64(c.seed)), c.n) }

// gatewayError is a refusal before the API ran.
type gatewayError struct {
	status        int
	code, message string
}

var (
	errUnsupported  = &gatewayError{400, "gw.APIUnsupported", "API is not supported"}
	errUnauthorized = &gatewayError{401, "401", "Request need user authorized"}
	errACL          = &gatewayError{400, "gw.APIACLDecline", "AppKey is not allowed(acl)"}
	errFrequency    = &gatewayError{400, "gw.QosAppFrequencyLimit", "App call exceeds limited frequency"}
	errRequestLimit = &gatewayError{400, "gw.QosRequestLimit", "API call exceeds limited frequency"}
)

func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /img/{offer}/{file}", s.picture)
	s.oauthRoutes(m)
	s.voucherRoutes(m)
	s.cashierRoutes(m)
	s.controlRoutes(m)
	s.pageRoutes(m)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"/openapi/", "/api/"} { // not by the mux, which would redirect paths it finds untidy
			if rest, ok := strings.CutPrefix(r.URL.Path, prefix); ok {
				s.openapi(w, r, rest)
				return
			}
		}
		m.ServeHTTP(w, r)
	})
}

// openapi tells the two protocols apart: signed calls and the token endpoint.
func (s *Server) openapi(w http.ResponseWriter, r *http.Request, path string) {
	if rest, ok := strings.CutPrefix(path, "http/1/"+nsOAuth+"/"); ok {
		name, key, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
		if s.tokenEndpoint(w, r, name, key) {
			return
		}
	}
	s.gateway(w, r, path)
}

func (s *Server) gateway(w http.ResponseWriter, r *http.Request, path string) {
	c := &call{base: s.pictureBase(r)}
	if ge := s.accept(w, r, path, c); ge != nil {
		s.fail(w, c, ge)
		return
	}
	f := s.apiFault(c, stageRun)
	if f != nil && s.before(w, r, c, f) {
		return
	}
	body := s.execute(c)
	if f != nil && s.after(w, r, f, body) {
		return
	}
	reply(w, http.StatusOK, body)
}

// accept runs the gateway's checks in the gateway's order: API, app key, signature, token, frequency, access list, arguments.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, path string, c *call) *gatewayError {
	slash := strings.HasSuffix(path, "/")
	path = strings.TrimSuffix(path, "/")
	seg := strings.Split(path, "/") // param2, version, namespace, name, key
	if known := len(seg) == 4 || len(seg) == 5; known && seg[0] == "param2" && seg[1] == "1" {
		c.api = s.apis[seg[2]+"/"+seg[3]]
	}
	if c.api == nil {
		return errUnsupported
	}
	s.mu.Lock()
	s.begin(c)
	if len(seg) == 5 {
		c.app = s.apps[seg[4]]
	}
	s.mu.Unlock()
	switch {
	case len(seg) < 5 || seg[4] == "":
		return &gatewayError{400, "gw.AppKeyMissing", "AppKey is missing"}
	case c.app == nil:
		return &gatewayError{400, "gw.AppKeyNotFound", "AppKey is not found"}
	}
	f, err := readForm(w, r)
	switch {
	case errors.Is(err, errBodyTooLarge):
		return &gatewayError{413, "gw.RequestTooLarge", err.Error()}
	case err != nil:
		return &gatewayError{400, "gw.RequestInvalid", "request cannot be read: " + err.Error()}
	case f.args.Get(signatureField) == "":
		return &gatewayError{400, "gw.SignatureMissing", "Signature is missing"}
	}
	paths := []string{path}
	if slash {
		paths = append(paths, path+"/")
	}
	if !f.signed(c.app.Secret, paths...) {
		return &gatewayError{400, "gw.SignatureInvalid", "Invalid signature"}
	}
	c.args, c.files = f.decoded(), f.files
	c.readProfile()
	return s.admit(c)
}

// begin counts a call, and lets everything happen that should have happened before it. The caller holds mu.
func (s *Server) begin(c *call) {
	s.requests++
	c.n, c.seed = s.requests, s.seed
	if c.api != nil {
		c.api.received++
	}
	s.tick()
	c.now = s.now()
}

// admit is what the gateway asks once it knows who calls: token, frequency, access list, arguments.
func (s *Server) admit(c *call) *gatewayError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.api.open && !s.tokenOK(c.app, c.args.Get("access_token")) {
		return errUnauthorized
	}
	if ge := s.overLimit(c); ge != nil {
		return ge
	}
	if f := s.takeFault(c, stageAdmit); f != nil {
		return refusals[f.Kind]
	}
	if c.api.ns != nsSystem && !c.app.mayCall(c.api) { // the gateway's own clock needs no permission
		return errACL
	}
	for _, want := range c.api.required {
		found := false
		for name := range strings.SplitSeq(want, "|") {
			found = found || c.args.Get(name) != "" || len(c.files[name]) > 0
		}
		if !found {
			return &gatewayError{400, "gw.ParamMissing", "Parameter is missing: " + want}
		}
	}
	return nil
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
	body := c.raw
	if body == nil {
		body = marshal(answer)
	}
	if c.site {
		body = siteBody(c.api.name, body)
	}
	return body
}

// fail answers a gateway refusal. Both text fields are filled, because real answers use either.
func (s *Server) fail(w http.ResponseWriter, c *call, ge *gatewayError) {
	s.mu.Lock()
	s.gatewayErrors[ge.code]++
	if c.n == 0 {
		s.begin(c)
	}
	s.record(c, ge.code)
	s.mu.Unlock()
	reply(w, ge.status, marshal(obj{"error_code": ge.code, "error_message": ge.message, "exception": ge.message, "request_id": c.id()}))
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if w.Header().Get("Content-Length") == "" { // a fault may promise more
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
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
