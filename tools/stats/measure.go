package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
)

// file is what one source file weighs.
type file struct {
	pkg        string // folder
	test       bool
	lines      int
	funcs      []function
	interfaces int
	bare       []string
	testFuncs  int
}

type function struct {
	name  string // file:line name
	lines int    // from the word func to the closing brace
}

func measure(rel string, src []byte) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{pkg: path.Dir(rel), test: isTest(rel), lines: bytes.Count(src, []byte{'\n'})}
	at := func(n ast.Node) string { return fmt.Sprintf("%s:%d", rel, set.Position(n.Pos()).Line) }
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			f.function(d, at(d), set.Position(d.End()).Line-set.Position(d.Pos()).Line+1)
		case *ast.GenDecl:
			f.general(d, at)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if t, ok := n.(*ast.TypeSpec); ok && !f.test {
			if i, ok := t.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > 0 {
				f.interfaces++
			}
		}
		return true
	})
	return f, nil
}

// isTest counts internal/apptest as test code: only tests import it.
func isTest(rel string) bool {
	return strings.HasSuffix(rel, "_test.go") || strings.Contains(rel, "internal/apptest/")
}

func (f *file) function(d *ast.FuncDecl, at string, lines int) {
	if f.test {
		for _, prefix := range []string{"Test", "Benchmark", "Fuzz", "Example"} {
			if d.Recv == nil && strings.HasPrefix(d.Name.Name, prefix) && d.Name.Name != "TestMain" {
				f.testFuncs++
			}
		}
		return
	}
	f.funcs = append(f.funcs, function{name: at + " " + d.Name.Name, lines: lines})
	if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !wellKnown(d) {
		f.bare = append(f.bare, at+" "+d.Name.Name)
	}
}

// wellKnown methods say what they do by implementing error or fmt.Stringer; the linter lets them pass as well.
func wellKnown(d *ast.FuncDecl) bool {
	return d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "String" || d.Name.Name == "Unwrap")
}

// exportedReceiver is false for methods nobody outside can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	name, ok := t.(*ast.Ident)
	return !ok || name.IsExported()
}

// general notes exported types, constants and variables that neither they nor their group explain.
func (f *file) general(d *ast.GenDecl, at func(ast.Node) string) {
	if f.test {
		return
	}
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				f.bare = append(f.bare, at(s)+" "+s.Name.Name)
			}
		case *ast.ValueSpec:
			if d.Doc != nil || s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() {
					f.bare = append(f.bare, at(s)+" "+name.Name)
				}
			}
		}
	}
}
