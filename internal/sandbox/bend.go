package sandbox

import (
	"bytes"
	"encoding/json"
	"strings"
)

// bend changes a finished answer the way a fault wants it.
func bend(kind string, body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return body
	}
	m, ok := v.(obj)
	if !ok {
		return body
	}
	switch kind {
	case "wrong_envelope":
		v = otherEnvelope(m)
	case "no_result":
		delete(m, "result")
		if len(m) == 0 {
			m["success"] = true
		}
	case "null_payload":
		nullPayload(m)
	case "ids_text", "ids_number":
		bendIDs(m, kind == "ids_text")
	}
	return marshal(v)
}

// otherEnvelope puts an answer of family A into the flat form, and any other into family A.
func otherEnvelope(m obj) obj {
	if in, ok := m["result"].(obj); ok && in["success"] != nil {
		return in
	}
	payload := any(m)
	if p, ok := m["result"]; ok {
		payload = p
	}
	return obj{"result": obj{"success": true, "code": "200", "message": "ok", "result": payload}}
}

// nullPayload keeps what says success and empties the rest.
func nullPayload(m obj) {
	in, ok := m["result"].(obj)
	if _, a := in["success"]; ok && a {
		m = in
	}
	for k := range m {
		switch k {
		case "success", "code", "message", "errorCode", "errorMessage", "errorMsg", "retCode", "retMsg":
		default:
			m[k] = nil
		}
	}
}

// bendIDs turns long ids into text or into numbers.
func bendIDs(v any, toText bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			bendIDs(e, toText)
		}
	case obj:
		for k, e := range v {
			if isIDName(k) {
				v[k] = bendID(e, toText)
			}
			bendIDs(v[k], toText)
		}
	}
}

func isIDName(k string) bool {
	return k == "id" || k == "idOfStr" || k == "subItemIDString" || strings.HasSuffix(k, "Id") || strings.HasSuffix(k, "ID") || strings.HasSuffix(k, "IdStr")
}

func bendID(v any, toText bool) any {
	switch v := v.(type) {
	case json.Number:
		if toText && len(v) >= 10 {
			return string(v)
		}
	case string:
		if !toText && len(v) >= 10 && len(v) <= 19 && v[0] != '0' && strings.Trim(v, "0123456789") == "" {
			return json.Number(v)
		}
	}
	return v
}
