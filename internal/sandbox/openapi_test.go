package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func controlDoc(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := pageFiles.ReadFile("openapi.yaml")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	assert.Equal(t, "3.1.0", doc.OpenAPI)
	require.NoError(t, doc.Validate(t.Context()))
	doc.OpenAPI = "3.0.3" // what its schemas use is common to both, and 3.0 is checked without compiling them anew
	return doc
}

// Every control route is in openapi.yaml, and everything in openapi.yaml is a control route.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	f := start(t, Options{Offers: 50})
	doc := controlDoc(t)
	var written []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			written = append(written, method+" "+path)
			assert.NotEmpty(t, op.Summary, path)
			assert.NotEmpty(t, op.Tags, path)
		}
	}
	routes := slices.Concat(slices.Collect(maps.Keys(f.srv.controlTable())), slices.Collect(maps.Keys(f.srv.controlRaw())))
	slices.Sort(written)
	slices.Sort(routes)
	assert.Equal(t, routes, written, "describe each control route in openapi.yaml")

	action := doc.Paths.Find("/sandbox/v1/orders/{id}/actions/{action}").Parameters.GetByInAndName("path", "action")
	assert.Len(t, action.Schema.Value.Enum, len(orderActions()))
	for _, a := range orderActions() {
		assert.True(t, slices.Contains(action.Schema.Value.Enum, any(a.name)), "name the action %s in openapi.yaml", a.name)
	}
	action = doc.Paths.Find("/sandbox/v1/offers/{id}/actions/{action}").Parameters.GetByInAndName("path", "action")
	assert.Len(t, action.Schema.Value.Enum, len(offerActions()))
	for _, a := range offerActions() {
		assert.True(t, slices.Contains(action.Schema.Value.Enum, any(a.name)), "name the action %s in openapi.yaml", a.name)
	}

	res, text := f.page("/sandbox/v1/openapi.yaml")
	assert.Equal(t, "application/yaml;charset=UTF-8", res.Header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(text, "openapi: 3.1.0"))
}

// judged is a handler that holds every answer of the control API against openapi.yaml.
type judged struct {
	t    *testing.T
	next http.Handler
	doc  *openapi3.T
	seen map[string]bool
}

func (j *judged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	assert.NoError(j.t, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	j.next.ServeHTTP(rec, r)
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
	if rest, ok := strings.CutPrefix(r.URL.Path, "/sandbox/v1/"); ok {
		j.judge(r, strings.Split(rest, "/"), body, rec)
	}
}

func (j *judged) judge(r *http.Request, parts []string, body []byte, rec *httptest.ResponseRecorder) {
	switch { // ids and names are the only variable parts
	case parts[0] == "faults": // kinds is no id
	case len(parts) == 4:
		parts[1], parts[3] = "{id}", "{action}"
	case len(parts) >= 2:
		parts[1] = "{id}"
	}
	path := "/sandbox/v1/" + strings.Join(parts, "/")
	at := fmt.Sprintf("%s %s %d", r.Method, path, rec.Code)
	item := j.doc.Paths.Find(path)
	if !assert.NotNil(j.t, item, at) {
		return
	}
	op := item.GetOperation(r.Method)
	if !assert.NotNil(j.t, op, at) || !assert.NotNil(j.t, op.Responses.Status(rec.Code), "%s is not in openapi.yaml", at) {
		return
	}
	j.seen[at] = true
	media := op.Responses.Status(rec.Code).Value.Content.Get("application/json")
	if media != nil {
		j.fits(media.Schema, rec.Body.Bytes(), at+" answer")
	}
	if op.RequestBody != nil && rec.Code == http.StatusOK && len(body) > 0 {
		j.fits(op.RequestBody.Value.Content.Get("application/json").Schema, body, at+" body")
	}
}

func (j *judged) fits(schema *openapi3.SchemaRef, text []byte, at string) {
	v := decode(j.t, text)
	assert.NoError(j.t, schema.Value.VisitJSON(plainJSON(v), openapi3.MultiErrors()), "%s: %s", at, text)
	assert.Empty(j.t, unnamed(schema.Value, v, ""), "%s: members that openapi.yaml does not name", at)
}

// plainJSON turns json.Number into what the library knows.
func plainJSON(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = plainJSON(e)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range x {
			out = append(out, plainJSON(e))
		}
		return out
	case interface{ Float64() (float64, error) }:
		n, _ := x.Float64()
		return n
	}
	return v
}

// unnamed lists members of objects that their schema does not name.
func unnamed(s *openapi3.Schema, v any, at string) (out []string) {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			switch p := s.Properties[k]; {
			case p != nil:
				out = append(out, unnamed(p.Value, e, at+"."+k)...)
			case s.AdditionalProperties.Schema != nil:
				out = append(out, unnamed(s.AdditionalProperties.Schema.Value, e, at+".*")...)
			case s.Type != nil:
				out = append(out, at+"."+k)
			}
		}
	case []any:
		for _, e := range x {
			if s.Items != nil {
				out = append(out, unnamed(s.Items.Value, e, at+"[]")...)
			}
		}
	}
	return out
}

// A tour of the control API: every answer on the way is what openapi.yaml says.
func TestOpenAPIDescribesTheAnswers(t *testing.T) {
	f := start(t, Options{Offers: 400, Subscribers: []string{"http://127.0.0.1:1/nobody"}})
	j := &judged{t: t, next: f.srv.Handler(), doc: controlDoc(t), seen: map[string]bool{}}
	ts := httptest.NewServer(j)
	t.Cleanup(ts.Close)
	f.url = ts.URL
	made := f.control("POST", "/orders", `{"lines":2,"outOrderId":"tour"}`, 200)
	offer := at(t, made, "orders", 0, "lines", 0, "offerId").(string)
	for _, a := range []string{"modify-price", "pay", "part-ship", "ship", "accept", "transport", "change-mail-no", "deliver", "sign", "refund-apply", "refund-reject", "confirm"} {
		f.control("POST", "/orders/tour/actions/"+a, "", 200)
	}
	refunds := f.control("GET", "/refunds?orderId="+at(t, made, "orders", 0, "orderId").(string), "", 200)
	f.control("GET", "/refunds/"+at(t, refunds, "refunds", 0, "refundId").(string), "", 200)
	message := at(t, f.control("GET", "/messages", "", 200), "messages", 0, "msgId").(string)
	f.call("com.alibaba.fenxiao.crossborder/trade.cross.orderSync", map[string]string{"orderParam": `{"orderId":"tour","outMemberId":"m","status":"payed","createTime":"2026-01-01 10:10:10","payTime":"2026-01-01 10:10:10","paidFee":1}`})
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/state", "", 200}, {"GET", "/clock", "", 200}, {"POST", "/clock", `{"advance":60,"speed":2}`, 200}, {"POST", "/clock", `{"run":true}`, 200}, {"POST", "/clock", "", 400},
		{"GET", "/apps", "", 200}, {"POST", "/apps", `{"key":"77","secret":"s","token":"t","limits":[{"api":"x","rate":1}],"deny":["a*"]}`, 200}, {"POST", "/apps", `{}`, 400},
		{"GET", "/identity", "", 200}, {"POST", "/identity", `{"flatRegister":false}`, 200}, {"POST", "/identity", `{"x":1}`, 400},
		{"GET", "/offers?keyword=phone&limit=2", "", 200}, {"GET", "/offers?trait=out_of_stock", "", 200}, {"GET", "/offers/" + offer, "", 200}, {"GET", "/offers/1", "", 404},
		{"POST", "/offers/" + offer + "/actions/price", `{"percent":90}`, 200}, {"POST", "/offers/" + offer + "/actions/price", "", 400},
		{"POST", "/offers/1/actions/price", "", 404}, {"POST", "/offers/" + offer + "/actions/delete", "", 200}, {"POST", "/offers/" + offer + "/actions/relist", "", 409},
		{"GET", "/orders?status=confirm_goods", "", 200}, {"GET", "/orders/tour", "", 200}, {"GET", "/orders/none", "", 404},
		{"POST", "/orders", `{"x":1}`, 400}, {"POST", "/orders", `{"offerId":"1"}`, 409},
		{"POST", "/orders/none/actions/pay", "", 404}, {"POST", "/orders/tour/actions/pay", "", 409}, {"POST", "/orders/tour/actions/pay", `{"x":1}`, 400},
		{"GET", "/refunds/none", "", 404}, {"GET", "/funds", "", 200}, {"POST", "/funds", `{"frozen":false}`, 200}, {"POST", "/funds", `{"balanceFen":-1}`, 400},
		{"GET", "/carriers", "", 200}, {"POST", "/carriers", `{"stepSeconds":0}`, 200}, {"POST", "/carriers", `{"stepSeconds":-1}`, 400},
		{"POST", "/messages", `{"action":"resend","msgId":"` + message + `"}`, 200}, {"POST", "/messages", `{"action":"corrupt","msgId":"` + message + `"}`, 200},
		{"POST", "/messages", `{"action":"emit","topic":"T","data":{"a":1},"bizKey":"k"}`, 200}, {"POST", "/messages", `{"action":"shuffle","count":2}`, 200},
		{"POST", "/messages", `{"action":"pause"}`, 200}, {"POST", "/messages", `{"action":"resume"}`, 200}, {"POST", "/messages", `{"action":"format","dataAs":"text"}`, 200},
		{"POST", "/messages", `{"action":"resend","msgId":"1"}`, 404}, {"POST", "/messages", `{"action":"emit"}`, 400}, {"GET", "/messages?state=pending", "", 200},
		{"GET", "/pushes", "", 200}, {"GET", "/pushes?after=0&kind=order", "", 200}, {"GET", "/counters", "", 200}, {"GET", "/counters?outOrderId=tour", "", 200},
		{"POST", "/faults", `{"api":"cancel","kind":"latency","delayMs":1,"count":1}`, 200}, {"POST", "/faults", `{"kind":"nonsense"}`, 400}, {"GET", "/faults", "", 200},
		{"GET", "/faults/kinds", "", 200}, {"POST", "/random", `{"level":1,"seed":3}`, 200}, {"GET", "/random", "", 200}, {"POST", "/random", `{"level":99}`, 400}, {"DELETE", "/faults", "", 200},
		{"POST", "/reset", `{"seed":3}`, 200}, {"POST", "/reset", `{"x":1}`, 400},
	} {
		f.control(c.method, c.path, c.body, c.want)
	}
	for path, item := range j.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if path != "/sandbox/v1/transcript" && path != "/sandbox/v1/openapi.yaml" {
					assert.True(t, j.seen[fmt.Sprintf("%s %s %s", method, path, status)], "the tour does not see %s %s %s", method, path, status)
				}
			}
		}
	}
}
