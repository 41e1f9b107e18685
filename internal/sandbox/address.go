package sandbox

import "strings"

// addressParam of preview, create and the address change: where the goods go. Three ways, in this order of precedence: addressId of a saved
// address, districtCode with address, the four texts.
type addressParam struct {
	AddressID num  `json:"addressId,omitempty"`
	FullName  text `json:"fullName,omitempty"`
	Mobile    text `json:"mobile,omitempty"`
	Phone     text `json:"phone,omitempty"`
	PostCode  text `json:"postCode,omitempty"`
	Province  text `json:"provinceText,omitempty"`
	City      text `json:"cityText,omitempty"`
	Area      text `json:"areaText,omitempty"`
	Town      text `json:"townText,omitempty"`
	Address   text `json:"address,omitempty"`
	District  text `json:"districtCode,omitempty"`
}

// maxAddress bounds each part of an address.
const maxAddress = 500

// resolve checks an address as it came and fills in what follows from it: after it, province, city, area and district code are all there as
// far as they are known.
func (a *addressParam) resolve(buyer *buyer) *refusal {
	for _, part := range []text{a.FullName, a.Mobile, a.Phone, a.PostCode, a.Province, a.City, a.Area, a.Town, a.Address, a.District} {
		if len(part) > maxAddress*4 || len([]rune(string(part))) > maxAddress {
			return refuse("400", "address: a part is longer than 500 characters")
		}
	}
	if a.AddressID != "" && a.AddressID != "0" {
		saved := buyer.savedAddress(a.AddressID)
		if saved == nil {
			return refuse("400", "AddressId invalid")
		}
		*a = saved.addressParam
		return nil
	}
	switch {
	case a.FullName == "" || a.Mobile == "" && a.Phone == "" || a.Address == "":
		return refuse("400", "address: fullName, mobile or phone, and address are required")
	case a.District != "":
		p, ok := placeOf(strings.TrimSpace(string(a.District)))
		if !ok {
			return refuse("400", "address: districtCode is not a six-digit area code")
		}
		a.Province, a.City, a.Area = text(p.province), text(or(p.city, string(a.City))), text(or(p.area, string(a.Area)))
	case a.Province == "" || a.City == "" || a.Area == "":
		return refuse("400", "address: districtCode or provinceText, cityText and areaText are required")
	default:
		p, _ := parsePlace(string(a.Province + a.City + a.Area))
		a.District = text(p.code)
	}
	if bad := strings.Trim(string(a.Phone), "0123456789-"); bad != "" {
		return refuse("400", "address: phone holds digits and dashes only")
	}
	return nil
}

// destination is what freight is asked for.
func (a *addressParam) destination() string {
	if a.District != "" {
		return string(a.District)
	}
	return string(a.Province)
}

// abroad tells Hong Kong, Macao and Taiwan.
func (a *addressParam) abroad() bool {
	p, ok := findProvince(a.destination())
	return ok && p.region == "border"
}

// line is the whole address in one line.
func (a *addressParam) line() string {
	return strings.TrimSpace(strings.Join([]string{string(a.Province), string(a.City), string(a.Area), string(a.Town), string(a.Address)}, " "))
}

// savedAddress is an entry of the address book of a 1688 account.
type savedAddress struct {
	addressParam
	id        int64
	isDefault bool
}

// addressBook is the same for every buyer but for the ids. The names are made up.
func (b *buyer) addressBook() []savedAddress {
	base := 4_100_000_000 + b.userID%1_000_000*10
	book := []savedAddress{
		{addressParam{FullName: "集货仓甲", Mobile: "13800000001", PostCode: "310051", Address: "样例路1号A库", District: "330108"}, base + 1, true},
		{addressParam{FullName: "集货仓乙", Mobile: "13800000002", PostCode: "510080", Address: "样例大道2号B库", District: "440111"}, base + 2, false},
		{addressParam{FullName: "集货仓丙", Mobile: "13800000003", Phone: "0991-88880000", PostCode: "830000", Address: "样例街3号", District: "650102"}, base + 3, false},
	}
	for i := range book {
		a := &book[i]
		p, _ := placeOf(string(a.District))
		a.AddressID, a.Province, a.City, a.Area = num(itoa(a.id)), text(p.province), text(p.city), text(p.area)
	}
	return book
}

func (b *buyer) savedAddress(id num) *savedAddress {
	n, _ := id.int()
	for _, a := range b.addressBook() {
		if a.id == n {
			return &a
		}
	}
	return nil
}
