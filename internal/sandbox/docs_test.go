package sandbox

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func docs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sandbox.md")
	require.NoError(t, err)
	return string(text)
}

// The reader finds every API, fault, variable and control route.
func TestDocsAreComplete(t *testing.T) {
	text := docs(t)
	for _, line := range strings.Fields(strings.ReplaceAll(documentedAPIs, " *", "")) {
		_, name, _ := strings.Cut(line, "/")
		assert.Contains(t, text, "`"+name+"`")
	}
	for _, k := range faultKinds {
		assert.Contains(t, text, "| `"+k.Kind+"` | "+k.Text+" |", k.Kind)
	}
	_, err := FromEnv(func(name string) string {
		assert.Contains(t, text, "| `"+name+"` |")
		return ""
	})
	require.NoError(t, err)
	for _, a := range offerActions() {
		assert.Contains(t, text, "`"+a.name+"`")
	}
}

// The first call of the docs works as it stands there.
func TestDocsFirstCall(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("needs " + tool)
		}
	}
	script := regexp.MustCompile("(?s)```bash\n(.*?)```").FindStringSubmatch(docs(t))
	require.NotNil(t, script)
	f := start(t, Options{})
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", script[1])
	cmd.Env = append(os.Environ(), "S="+f.url)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 3, string(out))
	assert.NotContains(t, string(out), "error_code")
	assert.NotEmpty(t, at(t, decode(t, []byte(lines[1])), "result", "result", "data"))
	assert.Contains(t, lines[2], "totalRecord")
}
