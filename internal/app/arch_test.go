package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const archModule = "entrepot/"

// The table of ARCHITECTURE.md: which packages of ours each package may import. A folder that is not here fails, so a new
// package is always a deliberate edit of this file and of the document.
var (
	archEdge     = []string{"internal/errs", "internal/alibaba", "internal/money", "locales", "migrations", "api"} // level 0 without the sandbox
	archCommon   = slices.Concat(archEdge, []string{"internal/site", "internal/i18n", "internal/database", "internal/web", "internal/jobs", "internal/auth"})
	archOrder    = slices.Concat(archCommon, []string{"internal/account", "internal/search"})
	archPay      = slices.Concat(archOrder, []string{"internal/order"})
	archSync     = slices.Concat(archPay, []string{"internal/pay"})
	archFaces    = slices.Concat(archSync, []string{"internal/sync", "internal/hub"})
	archEvery    = slices.Concat(archFaces, []string{"internal/partner", "internal/console", "internal/sandbox"})
	archFeatures = []string{"internal/account", "internal/search", "internal/order", "internal/pay", "internal/sync", "internal/hub"}

	archMay = map[string][]string{
		"internal/errs": nil, "internal/alibaba": nil, "internal/sandbox": nil, "internal/money": nil,
		"locales": nil, "migrations": nil, "api": nil,

		"internal/site":     {"internal/errs", "internal/money"},
		"internal/i18n":     {"locales"},
		"internal/database": {"migrations", "internal/errs"},
		"internal/web":      {"internal/errs", "internal/i18n", "internal/site", "internal/database"},
		"internal/jobs":     {"internal/database", "internal/errs"},
		"internal/auth":     {"internal/errs", "internal/site", "internal/database", "internal/web"},

		"internal/account": archCommon, "internal/search": archCommon, "internal/hub": archCommon,
		"internal/order": archOrder, "internal/pay": archPay, "internal/sync": archSync,
		"internal/partner": archFaces, "internal/console": archFaces,

		"internal/app":     archEvery,
		"internal/apptest": {"internal/app"},
		"cmd/api":          {"internal/app"}, "cmd/worker": {"internal/app"}, "cmd/entrepot": {"internal/app"},
		"cmd/sandbox": {"internal/sandbox"},
		"cmd/torture": nil,                                                // judges from outside: HTTP and nothing else
		"cmd/bench":   slices.Concat(archEvery, []string{"internal/app"}), // measures parts as well as the whole; ships nothing
	}

	// archAlone packages import nothing of ours even in their tests: one mistake must not hide in two places.
	archAlone = []string{"internal/errs", "internal/alibaba", "internal/sandbox", "internal/money", "locales", "migrations", "api"}

	// archHelpers are what other tests, and apptest, may use beyond their row: the simulated 1688, the whole program, a
	// fresh database, messages, the contract.
	archHelpers = []string{"internal/sandbox", "internal/apptest", "internal/database", "internal/i18n", "api"}

	// archPure is what a feature's first file may import of ours and of others: things without a network or a clock, and
	// the names (job kinds, states) that lower features gave in theirs.
	archPure = []string{"entrepot/internal/account", "entrepot/internal/search", "entrepot/internal/order", "entrepot/internal/errs", "entrepot/internal/site", "entrepot/internal/money",
		"github.com/nyaruka/phonenumbers", "github.com/shopspring/decimal", "golang.org/x/text/unicode/norm"}
)

// A fence keeps a library to the places that may know it.
type archFence struct {
	library  string // import path or its beginning
	packages []string
	file     func(base string) bool
}

var archFences = []archFence{
	{"github.com/gin-gonic/gin", []string{"internal/web", "internal/auth", "internal/partner", "internal/console", "internal/app", "cmd/bench"},
		func(base string) bool {
			return archRole(base, "http") || archRole(base, "admin") || base == "api.gen.go"
		}},
	{"gorm.io/", []string{"internal/database", "internal/jobs", "internal/auth", "cmd/bench"},
		func(base string) bool { return archRole(base, "store") }},
	{"github.com/hibiken/asynq", []string{"internal/jobs", "cmd/bench"},
		func(base string) bool { return archRole(base, "tasks") }},
}

// archRole says whether a file has a fixed role: store.go or, split by noun, refund_store.go.
func archRole(base, role string) bool {
	return base == role+".go" || strings.HasSuffix(base, "_"+role+".go")
}

func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	files := 0
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if d.IsDir() {
			return archSkip(p, rel)
		}
		if strings.HasSuffix(p, ".go") {
			files++
			for _, problem := range archProblems(filepath.ToSlash(rel), nil, p) {
				t.Error(problem)
			}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, files, 50, "the walk must have seen the tree")
}

// archSkip leaves out what is not this module's code: hidden folders, test data, build output and other modules (tools).
func archSkip(p, rel string) error {
	name := filepath.Base(p)
	if rel == "." {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || rel == "bin" || rel == "data" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// archProblems checks one file. rel is its path in the tree with slashes; src overrides what is on disk at name.
func archProblems(rel string, src any, name string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return []string{rel + ": " + err.Error()}
	}
	dir, base := path.Dir(rel), path.Base(rel)
	allowed, known := archMay[dir]
	if !known {
		return []string{fmt.Sprintf("%s: package %s is not in the table of ARCHITECTURE.md and archMay", rel, dir)}
	}
	test := strings.HasSuffix(base, "_test.go")
	var problems []string
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		why := ""
		if ours, ok := strings.CutPrefix(imported, archModule); ok {
			why = archOurs(dir, ours, allowed, test, spec.Name)
		} else if !test {
			why = archTheirs(dir, base, imported)
		}
		if why != "" {
			problems = append(problems, fmt.Sprintf("%s imports %s: %s", rel, imported, why))
		}
	}
	return problems
}

// archOurs judges an import of one of our packages.
func archOurs(dir, ours string, allowed []string, test bool, alias *ast.Ident) string {
	if ours == dir {
		return "" // an external test package imports what it tests
	}
	if ours == "internal/sync" {
		if !slices.Contains([]string{"internal/app", "internal/console", "internal/partner"}, dir) {
			return "only app, console and partner know sync"
		}
		if alias == nil || alias.Name != "relay" {
			return "sync is imported as relay: the standard library has a sync too"
		}
	}
	if ours == "internal/apptest" && !test {
		return "apptest is for _test files"
	}
	if slices.Contains(allowed, ours) {
		return ""
	}
	if slices.Contains(archHelpers, ours) && (test || dir == "internal/apptest") && !slices.Contains(archAlone, dir) {
		return ""
	}
	return "not below " + dir + " in the table of ARCHITECTURE.md"
}

// archTheirs judges an import of the standard library or of a module. Tests may use what they need.
func archTheirs(dir, base, imported string) string {
	for _, fence := range archFences {
		if strings.HasPrefix(imported, fence.library) && !slices.Contains(fence.packages, dir) && !fence.file(base) {
			return fmt.Sprintf("only %s and files of its role may", strings.Join(fence.packages, ", "))
		}
	}
	return ""
}

// The pure file of a feature (order.go: types, states, transitions) knows nothing that touches a network or a database.
func TestArchitecturePureFiles(t *testing.T) {
	for _, dir := range archFeatures {
		rel := dir + "/" + path.Base(dir) + ".go"
		if _, err := os.Stat("../../" + rel); err != nil {
			continue
		}
		for _, problem := range archImpure(rel, nil, "../../"+rel) {
			t.Error(problem)
		}
	}
}

func archImpure(rel string, src any, name string) (problems []string) {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return []string{err.Error()}
	}
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(imported, "/")
		std := first != "entrepot" && !strings.Contains(first, ".")
		if !std && !slices.Contains(archPure, imported) {
			problems = append(problems, fmt.Sprintf("%s imports %s: a feature's first file is pure", rel, imported))
		}
	}
	return problems
}

// A checker that cannot fail checks nothing: each rule is shown a file that breaks it, and its lawful neighbour.
func TestArchitectureCheckerCanFail(t *testing.T) {
	for _, tt := range []struct {
		name, rel, imports, want string
	}{
		{"errs imports nothing of ours", "internal/errs/x.go", `"entrepot/internal/money"`, "not below internal/errs"},
		{"alibaba stays alone in tests", "internal/alibaba/x_test.go", `"entrepot/internal/sandbox"`, "not below internal/alibaba"},
		{"sandbox shares nothing with alibaba", "internal/sandbox/x.go", `"entrepot/internal/alibaba"`, "not below internal/sandbox"},
		{"no way up", "internal/web/x.go", `"entrepot/internal/auth"`, "not below internal/web"},
		{"no way sideways", "internal/search/x.go", `"entrepot/internal/account"`, "not below internal/search"},
		{"search is below order", "internal/order/x.go", `"entrepot/internal/search"`, ""},
		{"unknown package", "internal/util/x.go", ``, "not in the table"},
		{"unknown sub-package", "internal/order/parts/x.go", ``, "not in the table"},
		{"sandbox in production code", "internal/order/x.go", `"entrepot/internal/sandbox"`, "not below internal/order"},
		{"sandbox in a feature's test", "internal/order/x_test.go", `"entrepot/internal/sandbox"`, ""},
		{"apptest outside tests", "internal/app/x.go", `"entrepot/internal/apptest"`, "apptest is for _test files"},
		{"apptest in tests", "internal/app/x_test.go", `"entrepot/internal/apptest"`, ""},
		{"sync below app", "internal/pay/x_test.go", `relay "entrepot/internal/sync"`, "only app, console and partner"},
		{"sync without its alias", "internal/app/x.go", `"entrepot/internal/sync"`, "as relay"},
		{"sync as relay", "internal/app/x.go", `relay "entrepot/internal/sync"`, ""},
		{"gin in a service", "internal/order/service.go", `"github.com/gin-gonic/gin"`, "files of its role"},
		{"gin in handlers", "internal/order/parcel_admin.go", `"github.com/gin-gonic/gin/binding"`, ""},
		{"gorm in handlers", "internal/order/http.go", `"gorm.io/gorm"`, "files of its role"},
		{"gorm in a driver's clothes", "internal/order/service.go", `"gorm.io/driver/mysql"`, "files of its role"},
		{"gorm in a store", "internal/web/idempotency_store.go", `"gorm.io/gorm"`, ""},
		{"asynq in a service", "internal/sync/service.go", `"github.com/hibiken/asynq"`, "files of its role"},
		{"asynq in tasks", "internal/sync/push_tasks.go", `"github.com/hibiken/asynq"`, ""},
		{"a command that skips app", "cmd/api/main.go", `"entrepot/internal/web"`, "not below cmd/api"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := archProblems(tt.rel, "package x\nimport (\n"+tt.imports+"\n)\n", tt.rel)
			if tt.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], tt.want)
		})
	}
	got := archImpure("internal/order/order.go", "package order\nimport (\n\"time\"\n\"entrepot/internal/money\"\n\"entrepot/internal/database\"\n)\n", "order.go")
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "entrepot/internal/database")
}
