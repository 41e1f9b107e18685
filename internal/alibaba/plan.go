package alibaba

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// plan reads a value of one type into v, which can be set.
type plan func(d *decoder, v reflect.Value) error

var plans sync.Map // reflect.Type -> plan

func planOf(t reflect.Type) plan {
	if p, ok := plans.Load(t); ok {
		return p.(plan)
	}
	made := sync.OnceValue(func() plan { return makePlan(t) })
	// a type that holds itself, and whoever asks meanwhile, gets this
	first, waits := plans.LoadOrStore(t, plan(func(d *decoder, v reflect.Value) error { return made()(d, v) }))
	if waits {
		return first.(plan)
	}
	p := made()
	plans.Store(t, p)
	return p
}

var (
	readerType = reflect.TypeFor[reader]()
	jsonType   = reflect.TypeFor[json.Unmarshaler]()
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawType    = reflect.TypeFor[json.RawMessage]()
	numberType = reflect.TypeFor[json.Number]()
)

func makePlan(t reflect.Type) plan {
	switch pointer := reflect.PointerTo(t); {
	case pointer.Implements(readerType) && !embedsReader(t):
		return func(d *decoder, v reflect.Value) error { return v.Addr().Interface().(reader).readJSON(d) }
	case t == rawType: // a part of what is being read, not a copy
		return func(d *decoder, v reflect.Value) error {
			raw, err := d.skip()
			v.SetBytes(raw)
			return err
		}
	case pointer.Implements(jsonType):
		return func(d *decoder, v reflect.Value) error {
			raw, err := d.skip()
			if err != nil {
				return err
			}
			return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw)
		}
	case pointer.Implements(textType), t == numberType:
		return readRest
	}
	switch t.Kind() {
	case reflect.Pointer:
		return planPointer(t.Elem())
	case reflect.Struct:
		return planStruct(t)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return planSlice(t)
		}
	case reflect.String:
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return readInt
	}
	return readRest
}

// embedsReader tells whether readJSON may be that of a part of t. Its UnmarshalJSON knows then what else t has.
func embedsReader(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && (f.Type.Implements(readerType) || reflect.PointerTo(f.Type).Implements(readerType)) {
			return true
		}
	}
	return false
}

// readRest leaves the rare kinds to encoding/json.
func readRest(d *decoder, v reflect.Value) error {
	raw, err := d.skip()
	if err != nil {
		return err
	}
	err = json.Unmarshal(raw, v.Addr().Interface())
	var drift *json.UnmarshalTypeError
	if errors.As(err, &drift) {
		return nil
	}
	return err
}

func readString(d *decoder, v reflect.Value) error {
	if d.peek() != '"' {
		_, err := d.skip()
		return err
	}
	raw, err := d.text()
	if err == nil {
		v.SetString(unquote(raw))
	}
	return err
}

func readBool(d *decoder, v reflect.Value) error {
	raw, err := d.skip()
	if err == nil && (raw[0] == 't' || raw[0] == 'f') {
		v.SetBool(raw[0] == 't')
	}
	return err
}

func readInt(d *decoder, v reflect.Value) error {
	raw, err := d.skip()
	if err == nil && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		if n, bad := strconv.ParseInt(string(raw), 10, v.Type().Bits()); bad == nil {
			v.SetInt(n)
		}
	}
	return err
}

func planPointer(elem reflect.Type) plan {
	return func(d *decoder, v reflect.Value) error {
		if d.peek() == 'n' {
			v.SetZero()
			return d.word("null")
		}
		if v.IsNil() {
			v.Set(reflect.New(elem))
		}
		return d.into(v.Elem())
	}
}

func planSlice(t reflect.Type) plan {
	elem := planOf(t.Elem())
	return func(d *decoder, v reflect.Value) error {
		switch d.peek() {
		case '[':
		case 'n':
			v.SetZero()
			return d.word("null")
		default:
			_, err := d.skip()
			return err
		}
		list := reflect.MakeSlice(t, 0, 0)
		room := reflect.New(t).Elem() // settable, so that it can grow in place
		room.Set(list)
		err := d.elements(func() error {
			n := room.Len()
			room.Grow(1)
			room.SetLen(n + 1)
			return elem(d, room.Index(n))
		})
		v.Set(room)
		return err
	}
}

// field is one member of an object that a struct takes.
type field struct {
	name   string
	path   []int // through embedded structs
	tagged bool
	plan   plan
}

func planStruct(t reflect.Type) plan {
	fields := fieldsOf(t)
	exact, folded := map[string]*field{}, map[string]*field{}
	for i := range fields {
		f := &fields[i]
		exact[f.name] = f
		if low := strings.ToLower(f.name); folded[low] == nil {
			folded[low] = f
		}
	}
	return func(d *decoder, v reflect.Value) error {
		if d.peek() != '{' {
			_, err := d.skip()
			return err
		}
		return d.members(func(name []byte) error {
			f := exact[string(name)]
			if f == nil {
				f = fold(fields, folded, name)
			}
			if f != nil {
				if at := f.of(v); at.IsValid() {
					return f.plan(d, at)
				}
			}
			_, err := d.skip()
			return err
		})
	}
}

// fold finds a field whose name differs in case only.
func fold(fields []field, folded map[string]*field, name []byte) *field {
	var room [64]byte
	low := append(room[:0], name...)
	for i, c := range low {
		switch {
		case c >= 'A' && c <= 'Z':
			low[i] = c + 'a' - 'A'
		case c == '\\' || c >= 0x80: // rare: spelled with escapes, or with letters that fold to ASCII
			text := unquote(name)
			for i := range fields {
				if strings.EqualFold(fields[i].name, text) {
					return &fields[i]
				}
			}
			return nil
		}
	}
	return folded[string(low)]
}

func (f *field) of(v reflect.Value) reflect.Value {
	for i, n := range f.path {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{} // ours are set before
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

// fieldsOf are the fields encoding/json would see: of several with one name the least deep, then the one with a tag; a
// name that is still not clear is nobody's.
func fieldsOf(t reflect.Type) []field {
	var out []field
	taken := map[string]bool{}
	type level struct {
		t    reflect.Type
		path []int
	}
	seen := map[reflect.Type]bool{t: true}
	for at := []level{{t, nil}}; len(at) > 0; {
		var next []level
		var names []string
		found := map[string][]field{}
		for _, l := range at {
			for i := range l.t.NumField() {
				sf := l.t.Field(i)
				name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
				path := append(append([]int(nil), l.path...), i)
				inner := sf.Type
				if inner.Kind() == reflect.Pointer {
					inner = inner.Elem()
				}
				switch {
				case sf.Tag.Get("json") == "-" || !sf.IsExported() && !(sf.Anonymous && inner.Kind() == reflect.Struct):
				case sf.Anonymous && name == "" && inner.Kind() == reflect.Struct:
					if !seen[inner] {
						seen[inner] = true
						next = append(next, level{inner, path})
					}
				case sf.IsExported():
					f := field{name: name, path: path, tagged: name != ""}
					if name == "" {
						f.name = sf.Name
					}
					if found[f.name] == nil {
						names = append(names, f.name)
					}
					f.plan = planOf(sf.Type)
					found[f.name] = append(found[f.name], f)
				}
			}
		}
		for _, name := range names {
			if f, ok := dominant(found[name]); ok && !taken[name] {
				out = append(out, f)
			}
			taken[name] = true
		}
		at = next
	}
	return out
}

func dominant(list []field) (field, bool) {
	if len(list) == 1 {
		return list[0], true
	}
	var tagged []field
	for _, f := range list {
		if f.tagged {
			tagged = append(tagged, f)
		}
	}
	if len(tagged) == 1 {
		return tagged[0], true
	}
	return field{}, false
}
