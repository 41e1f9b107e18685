package alibaba

import (
	"bytes"
	"context"
	"encoding/json"
)

var apiFilterConfig = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.filterData.queryConfig"}

// Types of FilterItem.
const (
	FilterToggle = "0"
	FilterChoice = "1"
	FilterSort   = "2"
)

// FilterGroup is one heading of the search page's filters, or its sort keys.
type FilterGroup struct {
	Name  Text             `json:"configName"`
	Type  Text             `json:"configType"` // filter or sort
	Items Some[FilterItem] `json:"configList"`
}

// FilterItem is a filter or a sort key.
type FilterItem struct {
	ChoiceKey Text               `json:"choiceKey"` // of FilterToggle and FilterSort
	Name      Text               `json:"filterName"`
	Type      Text               `json:"type"`      // FilterToggle, FilterChoice or FilterSort
	Choices   Some[FilterOption] `json:"valueList"` // of FilterChoice
}

// FilterOption is one of several choices.
type FilterOption struct {
	ChoiceKey Text `json:"choiceKey"`
	Name      Text `json:"choiceName"`
}

// FilterConfig reads the filters and sort keys of the search page. Only the seed announces it: apps of the cross-border
// solution are refused. countryName decides the language of the labels in the national-site profile; they come as they come.
// 1688 API: com.alibaba.fenxiao.crossborder:product.filterData.queryConfig-1.
func (c *Client) FilterConfig(ctx context.Context, language, countryName, outMemberID string) ([]FilterGroup, error) {
	var groups Some[FilterGroup]
	params := []param{{"country", c.country(language, countryName)}}
	if outMemberID != "" {
		params = append(params, param{"outMemberId", outMemberID})
	}
	_, err := c.call(ctx, &apiFilterConfig, params, func(body []byte) error {
		list, err := findList(body, 3)
		if err != nil {
			return err
		}
		groups = nil
		return garbled(decode(list, &groups))
	})
	return groups, err
}

// findList gives the list of an answer: bare, or below result and data at most depth levels down. The documents show it
// bare and do not say how it is wrapped.
func findList(body []byte, depth int) (json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '[' {
		return body, nil
	}
	if depth == 0 || !isObject(body) {
		return nil, errGarbage
	}
	payload, err := open(body)
	if err != nil {
		return nil, err
	}
	return findList(payload, depth-1)
}
