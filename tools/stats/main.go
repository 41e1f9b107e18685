// Command stats prints the size figures that the house style speaks of: how long functions and files are, how much test
// code there is, how many interfaces, what is undocumented. It judges nothing; generated files are left out.
//
//	go run ./stats [root]
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	flag.Parse()
	root := cmp.Or(flag.Arg(0), "..")
	if err := run(root, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stats:", err)
		os.Exit(1)
	}
}

func run(root string, w io.Writer) error {
	files, err := collect(root)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no Go files below %s", root)
	}
	return report(w, files)
}

// collect parses the Go files of the module at root: no generated ones, no other modules, nothing hidden.
func collect(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, ".gen.go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := measure(filepath.ToSlash(rel), src)
		files = append(files, f)
		return err
	})
	return files, err
}

func skipDir(root, p, name string) error {
	if p == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// group is the files of one package, or of all.
type group struct {
	name        string
	code, tests int // lines
	files       []int
	funcs       []function // outside tests
	interfaces  int
	bare        []string // exported names without a comment
	testFuncs   int
}

func (g *group) add(f file) {
	g.interfaces += f.interfaces
	g.bare = append(g.bare, f.bare...)
	if f.test {
		g.tests += f.lines
		g.testFuncs += f.testFuncs
		return
	}
	g.code += f.lines
	g.files = append(g.files, f.lines)
	g.funcs = append(g.funcs, f.funcs...)
}

func (g *group) lengths() []int {
	out := make([]int, len(g.funcs))
	for i, f := range g.funcs {
		out[i] = f.lines
	}
	return out
}

func report(w io.Writer, files []file) error {
	all, byPkg := &group{name: "all"}, map[string]*group{}
	for _, f := range files {
		g := byPkg[f.pkg]
		if g == nil {
			g = &group{name: f.pkg}
			byPkg[f.pkg] = g
		}
		g.add(f)
		all.add(f)
	}
	fn, fl := all.lengths(), all.files
	fmt.Fprintf(w, "functions  %d outside tests: median %d, p95 %d, max %d lines (aim: p95 <= 60, none > 120)\n", len(fn), quantile(fn, 50), quantile(fn, 95), quantile(fn, 100))
	fmt.Fprintf(w, "files      %d outside tests: median %d, p95 %d, max %d lines (aim: p95 <= 450)\n", len(fl), quantile(fl, 50), quantile(fl, 95), quantile(fl, 100))
	fmt.Fprintf(w, "tests      %d lines for %d of code: ratio %.2f (aim: about 1); %d test, benchmark, fuzz and example functions\n", all.tests, all.code, ratio(all.tests, all.code), all.testFuncs)
	fmt.Fprintf(w, "interfaces %d: %.2f per 1000 lines (aim: under 1)\n", all.interfaces, 1000*ratio(all.interfaces, all.code))
	fmt.Fprintf(w, "undocumented exported names %d\n", len(all.bare))
	for _, name := range all.bare {
		fmt.Fprintf(w, "  %s\n", name)
	}
	longest(w, all.funcs)
	return table(w, byPkg, all)
}

func longest(w io.Writer, funcs []function) {
	funcs = slices.Clone(funcs)
	slices.SortStableFunc(funcs, func(a, b function) int { return cmp.Compare(b.lines, a.lines) })
	fmt.Fprintln(w, "longest functions")
	for _, f := range funcs[:min(5, len(funcs))] {
		fmt.Fprintf(w, "  %4d %s\n", f.lines, f.name)
	}
}

func table(w io.Writer, byPkg map[string]*group, all *group) error {
	groups := make([]*group, 0, len(byPkg)+1)
	for _, g := range byPkg {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.name, b.name) })
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "package\tfiles\tcode\ttests\tratio\tfuncs\tmedian\tp95\tmax\tfile p95\tinterfaces\tundocumented\t")
	for _, g := range append(groups, all) {
		fn := g.lengths()
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", g.name, len(g.files), g.code, g.tests, ratio(g.tests, g.code),
			len(fn), quantile(fn, 50), quantile(fn, 95), quantile(fn, 100), quantile(g.files, 95), g.interfaces, len(g.bare))
	}
	return tw.Flush()
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// quantile is the smallest value that percent of the values do not exceed (nearest rank); 0 without values.
func quantile(values []int, percent int) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}
