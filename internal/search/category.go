package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// Categories answers the children of a category as final bytes; parentID 0 is the top of the tree. Errors: blocked,
// not_found, unavailable.
func (s *Service) Categories(ctx context.Context, st *site.Site, lang string, parentID int64) (*web.Cached, error) {
	return s.category(ctx, st, lang, "children|", "/query/parentId", parentID, func(c *Category) any {
		return CategoryList{Items: *c.Children}
	})
}

// Category answers one category with its children as final bytes. Errors as for Categories.
func (s *Service) Category(ctx context.Context, st *site.Site, lang string, id int64) (*web.Cached, error) {
	return s.category(ctx, st, lang, "one|", "/path/categoryId", id, func(c *Category) any { return c })
}

func (s *Service) category(ctx context.Context, st *site.Site, lang, form, pointer string, id int64, view func(*Category) any) (*web.Cached, error) {
	if s.blocks(st).category(id) {
		return nil, blocked(pointer)
	}
	return s.ask(ctx, question{&kindCategory, st, lang, form + strconv.FormatInt(id, 10)}, func(ctx context.Context) (any, []int64, error) {
		c, err := s.loadCategory(ctx, st, lang, pointer, id)
		if err != nil {
			return nil, nil, err
		}
		return view(c), nil, nil
	})
}

func noCategory(pointer string) *errs.Error {
	return errs.New(errs.NotFound, "category.not_found").At(pointer, "category.not_found")
}

func (s *Service) loadCategory(ctx context.Context, st *site.Site, lang, pointer string, id int64) (*Category, error) {
	c, err := s.client.CategoryByID(ctx, alibaba.ID(id), lang, "")
	if err != nil {
		return nil, fromRead(err, noCategory(pointer))
	}
	if c == nil || id != 0 && int64(c.ID) != id {
		return nil, noCategory(pointer)
	}
	c.Children = slices.DeleteFunc(c.Children, func(child alibaba.Category) bool { return child.ID == 0 })
	b := s.blocks(st)
	if id != 0 && (b.category(int64(c.ParentID)) || b.text(string(c.ChineseName), string(c.TranslatedName))) {
		return nil, blocked(pointer)
	}
	names := s.names(ctx, lang, c)
	view := categoryView(names, c)
	children := []Category{}
	for i := range c.Children {
		child := &c.Children[i]
		if b.category(int64(child.ID)) || b.text(string(child.ChineseName), string(child.TranslatedName)) {
			continue
		}
		one := categoryView(names, child)
		one.ParentId = ptr(number64(id))
		if id == 0 {
			one.ParentId = nil
		}
		children = append(children, one)
	}
	view.Children = &children
	return &view, nil
}

func categoryView(names naming, c *alibaba.Category) Category {
	view := Category{CategoryId: strconv.FormatInt(int64(c.ID), 10), Name: names.of(c), Level: int(c.Level), Leaf: bool(c.Leaf)}
	if c.ParentID != 0 {
		view.ParentId = ptr(number64(int64(c.ParentID)))
	}
	return view
}

// naming knows what categories are called: in the shopper's language, else in English, else in Chinese.
type naming struct {
	viewer          // lang and memory are all of it that is used
	translates bool // 1688 has other names in this language
	english    map[alibaba.ID]alibaba.Text
}

// names looks at a category and its children. 1688 is asked once more, for English, when a name has no translation and never
// had one; when that fails the Chinese will do.
func (s *Service) names(ctx context.Context, lang string, c *alibaba.Category) naming {
	n := naming{viewer: viewer{lang: lang, memory: s.words}}
	all := append([]alibaba.Category{*c}, c.Children...)
	for i := range all {
		t := all[i].TranslatedName
		n.translates = n.translates || strings.TrimSpace(string(t)) != "" && t != all[i].ChineseName
	}
	missing := false
	for i := range all {
		_, own := n.own(&all[i])
		missing = missing || !own
	}
	if !missing || lang == "en" {
		return n
	}
	en, err := s.client.CategoryByID(ctx, c.ID, "en", "")
	if err != nil || en == nil {
		return n
	}
	n.english = map[alibaba.ID]alibaba.Text{en.ID: en.TranslatedName}
	for _, child := range en.Children {
		n.english[child.ID] = child.TranslatedName
	}
	return n
}

// own is the name in the shopper's language, now or from an earlier answer; false when there is none. Chinese that came back
// is no translation, except where the language shares words with it (Japanese 家具) and 1688 did translate others.
func (n naming) own(c *alibaba.Category) (Text, bool) {
	translated := c.TranslatedName
	if translated == c.ChineseName && !n.translates && !readableIn("", string(translated)) {
		translated = ""
	}
	t := n.text(c.ChineseName, translated)
	return t, n.lang == chinese || *t.Source != TextSourceNone
}

func (n naming) of(c *alibaba.Category) Text {
	t, own := n.own(c)
	if own {
		return t
	}
	return TextOf("en", string(c.ChineseName), string(n.english[c.ID]))
}
