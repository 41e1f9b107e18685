package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entrepot/internal/i18n"
	"entrepot/internal/site"
	"entrepot/locales"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keyPattern is what a message key looks like: area.reason, or longer for texts that are no errors.
var keyPattern = regexp.MustCompile(`^[a-z]+(\.[a-z_]+)+$`)

// source is the product's own code, parsed: what is generated or simulates 1688 says nothing to shoppers.
type source struct {
	fset  *token.FileSet
	files map[string]*ast.File
	keyAt map[string]int // function name -> position of its string parameter `key`
}

func parseSource(t *testing.T) *source {
	t.Helper()
	s := &source{fset: token.NewFileSet(), files: map[string]*ast.File{}, keyAt: map[string]int{}}
	require.NoError(t, filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") ||
			strings.Contains(p, "sandbox") || strings.Contains(p, "apptest") || strings.Contains(p, "alibaba") {
			return err
		}
		f, err := parser.ParseFile(s.fset, p, nil, 0)
		s.files[filepath.ToSlash(p)] = f
		return err
	}))
	require.Greater(t, len(s.files), 50)
	for _, f := range s.files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				s.learn(fn)
			}
		}
	}
	return s
}

// learn notes functions that take a message key: errs.New, At, Is, Bundle.Text and whatever else calls its parameter key.
func (s *source) learn(fn *ast.FuncDecl) {
	at := 0
	for _, p := range fn.Type.Params.List {
		for _, name := range p.Names {
			if ident, ok := p.Type.(*ast.Ident); ok && ident.Name == "string" && name.Name == "key" {
				s.keyAt[fn.Name.Name] = at
			}
			at++
		}
	}
}

// used lists the message keys that the code names, errors without "error.", and the prefixes it computes others with.
type used struct{ errors, texts, prefixes map[string]string }

func (s *source) used() used {
	u := used{map[string]string{}, map[string]string{}, map[string]string{}}
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				s.returned(n, u)
			case *ast.CallExpr:
				s.call(n, u)
			case *ast.KeyValueExpr: // errs.Error{Key: "..."}
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Key" {
					s.note(u, u.errors, n.Value)
				}
			case *ast.AssignStmt: // key := "..."
				for i, left := range n.Lhs {
					if k, ok := left.(*ast.Ident); ok && k.Name == "key" && i < len(n.Rhs) {
						s.note(u, u.errors, n.Rhs[i])
					}
				}
			case *ast.ValueSpec: // var previewCodes = map[...]string{...}
				if len(n.Names) == 1 && strings.HasSuffix(n.Names[0].Name, "Codes") && len(n.Values) == 1 {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						s.note(u, u.errors, e.(*ast.KeyValueExpr).Value)
					}
				}
			}
			return true
		})
	}
	return u
}

// returned notes what functions give back as their result `key`.
func (s *source) returned(fn *ast.FuncDecl, u used) {
	if fn.Type.Results == nil || fn.Body == nil || len(fn.Type.Results.List[0].Names) == 0 || fn.Type.Results.List[0].Names[0].Name != "key" {
		return
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			s.note(u, u.errors, r.Results[0])
		}
		return true
	})
}

func (s *source) call(c *ast.CallExpr, u used) {
	name := ""
	switch f := c.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	at, ok := s.keyAt[name]
	if !ok || at >= len(c.Args) {
		return
	}
	into := u.errors
	if strings.EqualFold(name, "text") { // Bundle.Text and the views' shorthand take whole keys
		into = u.texts
	}
	s.note(u, into, c.Args[at])
}

// note keeps a key, or the prefix of one that is computed ("status.order." + x).
func (s *source) note(u used, into map[string]string, e ast.Expr) {
	at := s.fset.Position(e.Pos()).String()
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		if prefix, ok := literal(sum.X); ok && strings.HasSuffix(prefix, ".") {
			u.prefixes[prefix] = at
		}
		return
	}
	if text, ok := literal(e); ok && keyPattern.MatchString(text) {
		into[text] = at
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// constants lists the values of the constants of a type.
func (s *source) constants(file, typ string) (values []string) {
	ast.Inspect(s.files[file], func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if ident, ok := spec.Type.(*ast.Ident); ok && ident.Name == typ {
			if text, ok := literal(spec.Values[0]); ok {
				values = append(values, text)
			}
		}
		return true
	})
	return values
}

// nodes lists the steps of a parcel's timeline that are not shown in the carrier's own words.
func (s *source) nodes() (names []string) {
	for _, file := range []string{"../order/parcel_store.go", "../order/purchase.go"} {
		ast.Inspect(s.files[file], func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr: // parcelStep{node: "send"}
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "node" {
					if text, ok := literal(n.Value); ok {
						names = append(names, text)
					}
				}
			case *ast.ValueSpec: // nationalStep: event -> status, node, push
				if n.Names[0].Name == "nationalStep" {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						text, _ := literal(e.(*ast.KeyValueExpr).Value.(*ast.CompositeLit).Elts[1])
						names = append(names, text)
					}
				}
			}
			return true
		})
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "trace" || n == "waybill_changed" })
}

// texts reads a locale file afresh: every message key in it.
func texts(t *testing.T, path string) map[string]bool {
	t.Helper()
	raw, err := locales.FS.ReadFile(path)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, toml.Unmarshal(raw, &tree))
	keys := map[string]bool{}
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		for name, v := range m {
			switch v := v.(type) {
			case map[string]any:
				walk(prefix+name+".", v)
			default:
				keys[strings.TrimSuffix(prefix, ".")] = true
			}
		}
	}
	walk("", tree)
	return keys
}

// Every message key that the code can ever show exists in every language.
func TestEveryMessageKeyIsTranslated(t *testing.T) {
	s := parseSource(t)
	u := s.used()
	want := map[string]string{}
	for key, at := range u.errors {
		want["error."+key] = at
	}
	for key, at := range u.texts {
		want[key] = at
	}
	enumerations := map[string][]string{
		"error.":        nil, // with the keys above
		"status.order.": s.constants("../order/order.go", "Status"), "status.parcel.": s.constants("../order/api.gen.go", "ParcelStatus"),
		"tracking.": s.nodes(),
	}
	for prefix, at := range u.prefixes {
		values, known := enumerations[prefix]
		assert.True(t, known, "%s computes keys %s*: tell this test what may follow", at, prefix)
		for _, v := range values {
			want[prefix+v] = at
		}
	}
	require.Greater(t, len(want), 100)
	// The collection itself works: these are found in each of the ways keys are named.
	for _, key := range []string{
		"error.order.not_found", "error.field.duplicate", "error.order.stock", "error.order.mixed_batch", "error.internal.error", "error.encoding.invalid",
		"status.order.awaiting_payment", "status.parcel.in_transit", "tracking.part_sign", "tracking.send", "ledger.complete",
	} {
		assert.Contains(t, want, key)
	}
	paths, err := fs.Glob(locales.FS, "active.*.toml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		have := texts(t, path)
		for key, at := range want {
			assert.True(t, have[key], "%s: %s is named at %s", path, key, at)
		}
	}
	t.Logf("%d keys in %d languages", len(want), len(paths))
}

// A site offers only languages that we can speak, its own among them.
func TestSitesSpeakTheirLanguages(t *testing.T) {
	bundle, err := i18n.New()
	require.NoError(t, err)
	sites, err := site.New(map[string]string{})
	require.NoError(t, err)
	require.NotEmpty(t, sites.All())
	for _, st := range sites.All() {
		assert.NotEmpty(t, st.Languages, st.Code)
		assert.Subset(t, bundle.Languages(), st.Languages, st.Code)
		assert.Contains(t, st.Languages, bundle.Match("", st.Language), "%s answers in a language it does not offer", st.Code)
	}
}
