package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/internal/sandbox"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contractFixture is one call of testdata/contract: what is sent and what the documents say comes back.
type contractFixture struct {
	API       string         `json:"api"`
	Write     bool           `json:"write"` // has effects: the real gateway only sees it when told so
	Token     *bool          `json:"token"`
	Note      string         `json:"note"`
	Args      map[string]any `json:"args"`
	Answer    any            `json:"answer"`
	Golden    any            `json:"golden"`    // an official sample answer
	GoldenMay []string       `json:"goldenMay"` // paths of it that depend on the order or its moment
	Fault     map[string]any `json:"fault"`     // what a simulated 1688 is told first
}

func contractFixtures(t *testing.T) (out []*contractFixture) {
	t.Helper()
	for _, group := range []string{"search", "account", "order", "pay", "logistics", "refund", "sync", "message"} {
		text, err := os.ReadFile(filepath.Join("testdata", "contract", group+".json"))
		require.NoError(t, err)
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		d.DisallowUnknownFields()
		var list []*contractFixture
		require.NoError(t, d.Decode(&list), group)
		out = append(out, list...)
	}
	return out
}

// contractRow is what a fixture gave at each target.
type contractRow struct {
	fixture *contractFixture
	words   map[string]string // target -> ok, refused CODE, missing, wrong, no data, -
	trouble []string
}

func (r *contractRow) judge(target string, status int, answer any, err error) {
	f := r.fixture
	code := contractText(answer, "error_code")
	var problems []string
	switch {
	case errors.Is(err, errNoData):
		r.words[target] = "no data"
		return
	case err != nil:
		r.words[target] = "failed"
		problems = []string{err.Error()}
	case code == "gw.APIUnsupported":
		r.words[target] = "missing"
		problems = []string{code}
	case status != http.StatusOK:
		r.words[target] = "refused " + code
		problems = []string{contractShort(answer)}
	default:
		problems = contractCheck(f.Answer, answer, "")
		if f.Golden != nil {
			problems = append(problems, contractGolden(f.Golden, answer, f.GoldenMay)...)
		}
		r.words[target] = "ok"
		if len(problems) > 0 {
			r.words[target] = "wrong"
			problems = append(problems, "answer: "+contractShort(answer))
		}
	}
	for _, p := range problems {
		r.trouble = append(r.trouble, target+": "+p)
	}
}

// contractSandbox is a simulated 1688 whose subscriber is away, so that messages end in the failed store.
func contractSandbox(t *testing.T) (srv *sandbox.Server, base string) {
	t.Helper()
	away := httptest.NewServer(http.NotFoundHandler())
	srv, err := sandbox.New(sandbox.Options{Offers: 600, Subscribers: []string{away.URL}, RetryDelays: []time.Duration{0}})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, nil) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-done)
		ts.Close()
		away.Close()
		assert.NoError(t, srv.Close())
	})
	return srv, ts.URL
}

func contractAgainst(t *testing.T, base string) *contractTarget {
	return &contractTarget{
		t: t, url: base + "/openapi", control: base + "/sandbox/v1", key: sandbox.DemoKey, secret: sandbox.DemoSecret, token: sandbox.DemoToken, known: map[string]string{},
	}
}

// The same fixtures go through our client to the simulated 1688, past the client to the simulated 1688, and, when asked,
// to the real gateway. A gap anywhere fails.
func TestContract(t *testing.T) {
	_, base := contractSandbox(t)
	simulated := contractAgainst(t, base)
	_, clientBase := contractSandbox(t) // of its own: what one way writes the other must not see
	client := newContractClient(t, contractAgainst(t, clientBase))
	live := contractLive(t)
	apis := map[string]bool{}
	var rows []*contractRow
	for _, f := range contractFixtures(t) {
		apis[f.API] = true
		r := &contractRow{fixture: f, words: map[string]string{"client": "-", "sandbox": "-", "live": "-"}}
		rows = append(rows, r)
		contractRun(r, simulated, "sandbox")
		if client.can(f) {
			status, answer, err := client.do(f)
			r.judge("client", status, answer, err)
		}
		if live != nil && f.Fault == nil && (!f.Write || os.Getenv("ENTREPOT_CONTRACT_LIVE_WRITE") == "1") {
			contractRun(r, live, "live")
		}
	}
	contractReport(t, rows)
	assert.Len(t, apis, 77, "every API of the fact book has a fixture, and so has product.kjdistribute.removeRelation")
	assert.Equal(t, client.methods(), client.used, "every method of the client goes through a fixture")
}

func contractRun(r *contractRow, g *contractTarget, name string) {
	f := r.fixture
	if f.Fault != nil {
		g.sandbox(http.MethodPost, "/faults", f.Fault)
	}
	args, err := g.args(f)
	if err != nil {
		r.judge(name, 0, nil, err)
		return
	}
	status, answer, err := g.raw(f.API, args, f.Token != nil && !*f.Token)
	r.judge(name, status, answer, err)
}

func contractReport(t *testing.T, rows []*contractRow) {
	t.Helper()
	var b strings.Builder
	sums := map[string]int{}
	fmt.Fprintf(&b, "\n%-82s %-22s %-22s %s\n", "API", "client", "sandbox", "live")
	for _, r := range rows {
		fmt.Fprintf(&b, "%-82s %-22s %-22s %s\n", r.fixture.API, r.words["client"], r.words["sandbox"], r.words["live"])
		for target, w := range r.words {
			sums[target+" "+w]++
		}
	}
	for _, k := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s: %d\n", k, sums[k])
	}
	t.Log(b.String())
	for _, r := range rows {
		for _, p := range r.trouble {
			t.Errorf("%s %s", r.fixture.API, p)
		}
	}
}

// contractLive is the real gateway, when the environment names it. Its answers never reach a log: failures name paths and kinds.
func contractLive(t *testing.T) *contractTarget {
	address := os.Getenv("ENTREPOT_CONTRACT_LIVE_URL")
	if address == "" {
		return nil
	}
	return &contractTarget{
		t: t, url: strings.TrimRight(address, "/"), key: os.Getenv("ENTREPOT_CONTRACT_LIVE_KEY"), secret: os.Getenv("ENTREPOT_CONTRACT_LIVE_SECRET"),
		token: os.Getenv("ENTREPOT_CONTRACT_LIVE_TOKEN"), pause: 250 * time.Millisecond, known: map[string]string{},
	}
}
