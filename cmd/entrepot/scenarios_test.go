package main

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/sandbox"
)

// freshSandbox is a simulated 1688 with a subscriber that answers nothing useful, and no delivery loop.
func freshSandbox(t *testing.T) (url string) {
	t.Helper()
	srv, err := sandbox.New(sandbox.Options{Offers: 200, Subscribers: []string{"http://127.0.0.1:1/callbacks/1688"}})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		ts.Close()
	})
	return ts.URL
}

// Every scenario works on a sandbox where nothing has happened yet, and again on what the first run left.
func TestEveryScenario(t *testing.T) {
	assert.GreaterOrEqual(t, len(scenarios), 15)
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			url := freshSandbox(t)
			for _, round := range []string{"fresh", "again"} {
				got := entrepot(t, nil, "trigger", sc.name, "-sandbox", url)
				require.Zero(t, got.code, "%s: %s%s", round, got.stdout, got.stderr)
				assert.Contains(t, got.stdout, sc.help)
				assert.Regexp(t, `look: `+regexp.QuoteMeta(url)+`/#/`, got.stdout)
				assert.GreaterOrEqual(t, strings.Count(got.stdout, "\n"), 4, "says what it did: %s", got.stdout)
			}
		})
	}
}

func TestScenarioOnANamedOrder(t *testing.T) {
	url := freshSandbox(t)
	st := &stage{ctx: t.Context(), out: &strings.Builder{}, url: url}
	o, err := st.create(map[string]any{"lines": 2})
	require.NoError(t, err)
	_, err = st.create(nil) // newer, and not to be touched
	require.NoError(t, err)
	for _, id := range []string{o.ID, o.Out} { // paid on the way to two parcels, then on to the end
		name := map[string]string{o.ID: "two-parcels", o.Out: "order-success"}[id]
		got := entrepot(t, nil, "trigger", name, "-sandbox", url, "-order", id)
		require.Zero(t, got.code, got.stdout+got.stderr)
		assert.Contains(t, got.stdout, o.ID)
	}
	after, err := st.read(o.ID)
	require.NoError(t, err)
	assert.Equal(t, "success", after.Status)
	assert.Len(t, after.Parcels, 2)

	got := entrepot(t, nil, "trigger", "order-paid", "-sandbox", url, "-order", o.ID)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "is success, this needs waitbuyerpay")
	got = entrepot(t, nil, "trigger", "order-paid", "-sandbox", url, "-order", "nobody")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "no such order")
}

func TestTriggerLists(t *testing.T) {
	for _, args := range [][]string{{"trigger"}, {"trigger", "-list"}, {"trigger", "list"}} {
		got := entrepot(t, nil, args...)
		assert.Zero(t, got.code)
		for _, sc := range scenarios {
			assert.Contains(t, got.stdout, sc.name)
			assert.Contains(t, got.stdout, sc.help)
		}
		assert.Contains(t, got.stdout, "payment")
	}
	got := entrepot(t, nil, "trigger", "world-peace")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "no scenario")
	got = entrepot(t, nil, "trigger", "order-paid", "-sandbox", "http://"+closedAddr(t))
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "no simulated 1688")
}

// The reader of docs/sandbox.md finds every scenario.
func TestScenariosAreInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/sandbox.md")
	require.NoError(t, err)
	for _, sc := range scenarios {
		assert.Contains(t, string(text), "`"+sc.name+"`", sc.name)
	}
}
