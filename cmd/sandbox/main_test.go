package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func none(string) string { return "" }

func TestRun_servesUntilToldToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-offers", "50", "-seed", "7"}, none, in, io.Discard)
		_ = in.Close()
	}()
	banner := make([]byte, 4096)
	n, err := out.Read(banner)
	require.NoError(t, err)
	assert.Contains(t, string(banner[:n]), "seed 7, 50 offers")
	base := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(banner[:n]))
	res, err := http.Get(base + "/sandbox/v1/state")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Contains(t, string(body), `"offers":50`)
	cancel()
	require.NoError(t, <-done)
}

func TestRun_refusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, args := range [][]string{{"-offers", "many"}, {"-nonsense"}, {"serve"}, {"-addr", "nowhere:x"}, {"-apps", "alone"}, {"-auto-advance", "soon"}} {
		assert.Error(t, run(t.Context(), args, none, io.Discard, io.Discard), strings.Join(args, " "))
	}
}

func TestSettings_flagsWinOverTheEnvironment(t *testing.T) {
	get, err := settings([]string{"-offers", "7"}, func(name string) string { return "env " + name }, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "7", get("ENTREPOT_SANDBOX_OFFERS"))
	assert.Equal(t, "env ENTREPOT_SANDBOX_SEED", get("ENTREPOT_SANDBOX_SEED"))
}

func TestSettings_everyVariableHasItsFlag(t *testing.T) {
	code, err := os.ReadFile("../../internal/sandbox/env.go")
	require.NoError(t, err)
	var have []string
	for _, f := range flags {
		have = append(have, prefix+f.name)
	}
	for _, name := range regexp.MustCompile(`ENTREPOT_SANDBOX_[A-Z_]+`).FindAllString(string(code), -1) {
		if name != prefix {
			assert.Contains(t, have, name)
		}
	}
}
