package sandbox

import (
	"io"
	"io/fs"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (f *fixture) page(path string) (*http.Response, string) {
	f.t.Helper()
	res, err := http.Get(f.url + path)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res, string(body)
}

func TestPageIsServedWithItsPolicy(t *testing.T) {
	f := start(t, Options{})
	res, body := f.page("/")
	assert.Equal(t, 200, res.StatusCode)
	assert.Contains(t, res.Header.Get("Content-Type"), "text/html")
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
	found := regexp.MustCompile(`(?:href|src)="(/[^"#]+)"`).FindAllStringSubmatch(body, -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		res, _ := f.page(m[1])
		assert.Equal(t, 200, res.StatusCode, m[1])
		assert.NotEmpty(t, res.Header.Get("Content-Security-Policy"), m[1])
	}
	for _, path := range []string{"/nothing", "/page/", "/page/nothing.js", "/page/..%2fpage.go", "/index.html", "/sandbox", "/sandbox/v1/nothing"} {
		res, _ := f.page(path)
		assert.Equal(t, 404, res.StatusCode, path)
	}
}

// What the page shows was written by others; it may only ever become text.
func TestPageNeverWritesMarkup(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:|https?://|\son[a-z]+="|\sstyle=|srcdoc`)
	seen := 0
	require.NoError(t, fs.WalkDir(pageFiles, "page", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, ".svg") {
			return err
		}
		text, err := fs.ReadFile(pageFiles, p)
		require.NoError(t, err)
		assert.Empty(t, bad.FindAllString(string(text), -1), p)
		seen++
		return nil
	}))
	assert.Greater(t, seen, 5)
}

// Every module the page imports exists, and every path it calls is a control route.
func TestPageUsesWhatIsThere(t *testing.T) {
	f := start(t, Options{})
	known := map[string]bool{}
	for pattern := range f.srv.controlTable() {
		known[plainPath(pattern)] = true
	}
	for pattern := range f.srv.controlRaw() {
		known[plainPath(pattern)] = true
	}
	files, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	calls := regexp.MustCompile("\\b(get|post|del)\\((?:`|\")(/[^`\"?]*)")
	imports := regexp.MustCompile(`from "\./([^"]+)"`)
	n := 0
	for _, file := range files {
		res, text := f.page("/" + filepath.ToSlash(file))
		require.Equal(t, 200, res.StatusCode)
		assert.Contains(t, res.Header.Get("Content-Type"), "javascript")
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			assert.FileExists(t, "page/"+m[1])
		}
		for _, m := range calls.FindAllStringSubmatch(text, -1) {
			n++
			method := map[string]string{"get": "GET", "post": "POST", "del": "DELETE"}[m[1]]
			path := regexp.MustCompile(`\$\{[^}]*\}`).ReplaceAllString(m[2], "{}")
			if strings.HasSuffix(path, "/") { // the id is added behind
				path += "{}"
			}
			named := regexp.MustCompile(`/actions/[a-z-]+$`).ReplaceAllString(path, "/actions/{}")
			assert.True(t, known[method+" /sandbox/v1"+path] || known[method+" /sandbox/v1"+named], "%s calls %s %s", file, method, path)
		}
	}
	assert.Greater(t, n, 15)
}

// plainPath makes "GET /sandbox/v1/orders/{id}" comparable: names of the parts do not matter.
func plainPath(pattern string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(pattern, "{}")
}

func TestPageScriptsParse(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node to parse the scripts with")
	}
	files, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	for _, file := range files {
		text, err := pageFiles.ReadFile(filepath.ToSlash(file))
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "--check", "-")
		cmd.Stdin = strings.NewReader(string(text))
		out, err := cmd.CombinedOutput()
		assert.NoError(t, err, "%s: %s", file, out)
	}
}
