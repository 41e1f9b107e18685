package alibaba

import (
	"context"
	"strconv"
)

var (
	apiCategoryByID      = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "category.translation.getById"}
	apiCategoryByKeyword = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "category.translation.getByKeyword"}
)

// Category is a node of the tree. The node asked for has text where its children have numbers and booleans; both are read.
type Category struct {
	ID             ID         `json:"categoryId"` // 0 = the root
	ChineseName    Text       `json:"chineseName"`
	TranslatedName Text       `json:"translatedName"` // may be missing, or be the Chinese again
	Language       Text       `json:"language"`
	Leaf           Bool       `json:"leaf"`
	Level          Int        `json:"level"` // 1 to 3
	ParentID       ID         `json:"parentCateId"`
	Children       []Category `json:"children"` // nil below the deepest level, and always by keyword
}

// CategoryByID reads one category with its children; id 0 is the root. A category nobody knows is a refusal, or nil and no
// error when the gateway answers success without a payload. The parameters are plain form fields, without a wrapper.
// 1688 API: com.alibaba.fenxiao.crossborder:category.translation.getById-1.
func (c *Client) CategoryByID(ctx context.Context, id ID, language, outMemberID string) (*Category, error) {
	var found *Category
	params := []param{{"language", language}, {"categoryId", strconv.FormatInt(int64(id), 10)}}
	if outMemberID != "" {
		params = append(params, param{"outMemberId", outMemberID})
	}
	_, err := c.call(ctx, &apiCategoryByID, params, openOptional(&found))
	if err != nil {
		return nil, err
	}
	return found, nil
}

// CategoryByKeyword finds categories by a part of their name, in Chinese or the language. Children are not given.
// 1688 API: com.alibaba.fenxiao.crossborder:category.translation.getByKeyword-1.
func (c *Client) CategoryByKeyword(ctx context.Context, name, language string) ([]Category, error) {
	var list OneOrMany[Category]
	_, err := c.call(ctx, &apiCategoryByKeyword, []param{{"language", language}, {"cateName", name}}, openOptional(&list))
	return list, err
}
