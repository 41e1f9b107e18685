package web

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Lines that pass slog by look exactly like those that do not.
func TestLinesAreThoseOfSlog(t *testing.T) {
	moment := regexp.MustCompile(`"time":"[^"]*"`)
	for _, ask := range [][]string{
		{"GET", "/v1/things?keyword=x", "X-Site-Key", "key-jp"},
		{"GET", "/v1/things/5", "X-Site-Key", "key-vn", "Authorization", "Bearer 7", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		{"GET", "/v1/things?size=0", "X-Site-Key", "key-jp"},
		{"GET", "/v1/things"},
		{"GET", "/nowhere"},
		{"BREW", "/v1/things"},
		{`b'R!`, "/v1/things"},
		{"PUT", "/v1/things/1?x=1"},
		{"GET", "/v1/images"},
	} {
		var lines [2]string
		for i := range lines {
			out := &bytes.Buffer{}
			e := newEdge(t, func(o *Options) {
				o.Logger = slog.New(slog.NewJSONHandler(out, nil))
				if i == 1 {
					o.Lines = out
				}
			}).echo()
			e.do(ask[0], "/", "") // a first line, so that a reused buffer would show
			out.Reset()
			w := e.do(ask[0], ask[1], "", append([]string{"X-Request-Id", "the-id"}, ask[2:]...)...)
			require.NotZero(t, w.Code)
			line := moment.ReplaceAllString(out.String(), `"time":"t"`)
			lines[i] = regexp.MustCompile(`"ms":[0-9.]+`).ReplaceAllString(line, `"ms":1`)
			assert.Equal(t, 1, strings.Count(line, "\n"))
		}
		assert.Equal(t, lines[0], lines[1], ask)
	}
}

func TestLineTimes(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 120_000_000, time.FixedZone("", 9*3600))
	for took, want := range map[time.Duration]string{
		0: "0", time.Microsecond: "0.001", 120 * time.Microsecond: "0.12", time.Millisecond: "1", 25_050 * time.Microsecond: "25.05",
		999 * time.Nanosecond: "0", time.Hour: "3600000",
	} {
		var ours, slogs bytes.Buffer
		r := &request{id: "i", method: "GET", caller: Caller{Kind: "staff", ID: 9_007_199_254_740_993}, code: "X"}
		writeLine(&ours, r, at, "/r", 200, 5, took)
		rec := slog.NewRecord(at, slog.LevelInfo, "request", 0)
		rec.AddAttrs(slog.String("method", "GET"), slog.String("route", "/r"), slog.Int("status", 200), slog.Int("bytes", 5),
			slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("requestId", "i"),
			slog.String("staff", "9007199254740993"), slog.String("code", "X"))
		require.NoError(t, slog.NewJSONHandler(&slogs, nil).Handle(t.Context(), rec))
		assert.Equal(t, slogs.String(), ours.String())
		assert.Contains(t, ours.String(), `"ms":`+want+",")
	}
}

func TestLinesFollowTheLevel(t *testing.T) {
	out := &bytes.Buffer{}
	e := newEdge(t, func(o *Options) {
		o.Logger, o.Lines = slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelError})), out
	}).echo()
	e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp")
	assert.Empty(t, out.String())
}
