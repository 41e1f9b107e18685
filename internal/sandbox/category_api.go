package sandbox

import (
	"regexp"
	"strconv"
	"strings"
)

func categoryAPIs() []api {
	return []api{
		{ns: nsCross, name: "category.translation.getById", required: []string{"language", "categoryId"}, envelope: envA(false), handle: (*Server).categoryByIDAPI},
		{ns: nsCross, name: "category.translation.getByKeyword", required: []string{"language", "cateName"}, envelope: envA(false), handle: (*Server).categoryByName},
	}
}

// rootNames is what the top of the tree is called.
var rootNames = word{"全部类目", "すべてのカテゴリー", "All categories", "전체 카테고리", "Tất cả danh mục", "Semua kategori", "หมวดหมู่ทั้งหมด", "Semua kategori", "Все категории"}

var memberForm = regexp.MustCompile(`^[A-Za-z0-9]{0,64}$`)

// card is a category as the API gives it. The object asked for has text where its children have numbers and booleans.
func (c *category) card(lang string, top bool) obj {
	card := obj{
		"categoryId": c.id, "chineseName": c.in("zh"), "translatedName": c.in(lang), "language": lang, "leaf": c.leaf(), "level": strconv.Itoa(c.level),
		"parentCateId": c.parent, "fromCache": false, "children": nil,
	}
	if top {
		card["leaf"], card["parentCateId"] = strconv.FormatBool(c.leaf()), itoa(c.parent)
	}
	return card
}

// categoryByIDAPI gives one category and its children; 0 is the root.
func (s *Server) categoryByIDAPI(c *call) (any, *refusal) {
	id, ok := num(c.args.Get("categoryId")).int()
	parent := c.args.Get("parentCateId")
	above, parentOK := num(parent).int()
	switch {
	case !ok:
		return nil, badParam("categoryId")
	case parent != "" && !parentOK:
		return nil, badParam("parentCateId")
	case !memberForm.MatchString(c.args.Get("outMemberId")):
		return nil, badParam("outMemberId")
	}
	node := &category{word: rootNames}
	if id != 0 {
		if node = categoryByID(id); node == nil || above != 0 && node.parent != above {
			return nil, refuse("CATEGORY_NOT_EXIST", "category does not exist")
		}
	}
	lang := language(c.args.Get("language"))
	card := node.card(lang, true)
	children := []obj{}
	for _, k := range childCategories(id) {
		children = append(children, k.card(lang, false))
	}
	if len(children) > 0 {
		card["children"] = children
	}
	return card, nil
}

// maxCategoryHits is how many categories one name finds.
const maxCategoryHits = 50

// categoryByName finds categories whose name holds the text, in Chinese or the language asked for.
func (s *Server) categoryByName(c *call) (any, *refusal) {
	if !memberForm.MatchString(c.args.Get("outMemberId")) {
		return nil, badParam("outMemberId")
	}
	lang, list := language(c.args.Get("language")), []obj{}
	want := plain(normalise(c.args.Get("cateName")))
	if want == "" {
		return list, nil
	}
	for _, k := range categories().all {
		if len(list) == maxCategoryHits {
			break
		}
		for _, name := range []string{k.in("zh"), k.in(lang)} {
			if strings.Contains(plain(normalise(name)), want) {
				card := k.card(lang, true)
				delete(card, "children")
				list = append(list, card)
				break
			}
		}
	}
	return list, nil
}
