package app_test

import (
	"bufio"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/internal/app"
	"entrepot/internal/sandbox"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// envFile reads NAME=value lines. Names that are only shown (#NAME=value) are listed as known.
func envFile(t *testing.T, name string) (set map[string]string, known []string) {
	t.Helper()
	f, err := os.Open("../../deploy/" + name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	line := regexp.MustCompile(`^(#?)([A-Z][A-Z0-9_]+)=(.*)$`)
	set = map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if m := line.FindStringSubmatch(s.Text()); m != nil {
			known = append(known, m[2])
			if m[1] == "" {
				set[m[2]] = m[3]
			}
		}
	}
	return set, known
}

// sandboxVariables are what entrepot-sandbox asks for.
func sandboxVariables(t *testing.T) (names []string) {
	t.Helper()
	_, err := sandbox.FromEnv(func(name string) string { names = append(names, name); return "" })
	require.NoError(t, err)
	return names
}

func TestEnvExampleIsComplete(t *testing.T) {
	_, known := envFile(t, "env.example")
	read := slices.Concat(app.Variables(), sandboxVariables(t))
	for _, name := range read {
		assert.Truef(t, slices.Contains(known, name), "deploy/env.example must explain %s", name)
	}
	for _, name := range known {
		if strings.HasPrefix(name, "ENTREPOT_") {
			assert.Truef(t, slices.Contains(read, name), "deploy/env.example explains %s, which nobody reads", name)
		}
	}
}

// As shipped the example refuses to start and names what must be filled in; filled in, it starts.
func TestEnvExampleFilledIn(t *testing.T) {
	set, _ := envFile(t, "env.example")
	fill := map[string]string{
		"ENTREPOT_DATABASE_DSN":           "entrepot:secret@tcp(mysql:3306)/entrepot",
		"ENTREPOT_REDIS_URL":              "redis://redis:6379/0",
		"ENTREPOT_TOKEN_SECRET":           strings.Repeat("k", 48),
		"ENTREPOT_PAYMENT_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"ENTREPOT_ALIBABA_APP_KEY":        "1234567",
		"ENTREPOT_ALIBABA_APP_SECRET":     "a secret",
		"ENTREPOT_ALIBABA_ACCESS_TOKEN":   "a token",
		"ENTREPOT_SITE_KEYS":              "pk-jp:japan",
		"ENTREPOT_RATES":                  "JPY:21.5",
		"ENTREPOT_WAREHOUSE_ADDRESS_ID":   "4711",
	}
	_, err := app.Load(func(name string) string { return set[name] })
	require.Error(t, err)
	for name := range fill {
		if name == "ENTREPOT_ALIBABA_ACCESS_TOKEN" { // a refresh token may stand in for it
			continue
		}
		assert.ErrorContains(t, err, name)
	}
	for name, value := range fill {
		require.Contains(t, set, name)
		set[name] = value
	}
	_, err = app.Load(func(name string) string { return set[name] })
	assert.NoError(t, err)
}

// The trial is accepted as it is, and would be refused as production.
func TestTrialEnvironment(t *testing.T) {
	set, _ := envFile(t, "sandbox.env")
	cfg, err := app.Load(func(name string) string { return set[name] })
	require.NoError(t, err)
	assert.Equal(t, cfg.Alibaba.AppKey+":"+cfg.Alibaba.AppSecret+":"+cfg.Alibaba.AccessToken, set["ENTREPOT_SANDBOX_APPS"])
	set["ENTREPOT_ENV"] = "production"
	_, err = app.Load(func(name string) string { return set[name] })
	assert.ErrorContains(t, err, "ENTREPOT_ALIBABA_URL")
}

// What compose.yaml sets by itself are settings that exist, and api and worker are production unless told otherwise.
func TestComposeFile(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/compose.yaml")
	require.NoError(t, err)
	var file struct {
		Services map[string]struct {
			Environment map[string]string
			Profiles    []string
		}
	}
	require.NoError(t, yaml.UnmarshalWithOptions(raw, &file, yaml.AllowDuplicateMapKey())) // a key beside << overrides it
	read := slices.Concat(app.Variables(), sandboxVariables(t))
	for _, name := range []string{"api", "worker", "migrate", "sandbox"} {
		s := file.Services[name]
		require.NotEmpty(t, s.Environment, name)
		for variable := range s.Environment {
			assert.Truef(t, slices.Contains(read, variable), "%s sets %s, which nobody reads", name, variable)
		}
		assert.Equal(t, "${ENTREPOT_ENV:-production}", s.Environment["ENTREPOT_ENV"], name)
	}
	assert.Equal(t, []string{"sandbox"}, file.Services["sandbox"].Profiles)
	assert.Contains(t, file.Services, "mysql")
	assert.Contains(t, file.Services, "redis")
}
