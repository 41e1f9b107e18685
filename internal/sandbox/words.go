package sandbox

// langs is the order of the columns in every table below. zh is the seller's own text, the rest are its translations.
var langs = []string{"zh", "ja", "en", "ko", "vi", "ms", "th", "id", "ru"}

// nounTable lists categories ("= name") and their products: size kind, price range in yuan, unit, then the word in each language.
// Size kinds: c clothes, k children, s shoes, v volume, o colour only.
const nounTable = `
= 女装|レディース服|women's clothing|여성 의류|thời trang nữ|pakaian wanita|เสื้อผ้าผู้หญิง|pakaian wanita
c 25 120 件|连衣裙|ワンピース|dress|원피스|váy liền|gaun|เดรส|gaun
c 12 60 件|衬衫|ブラウス|blouse|블라우스|áo kiểu|blaus|เสื้อเบลาส์|blus
c 20 90 件|针织衫|ニット|knit sweater|니트|áo len|baju sejuk|เสื้อไหมพรม|baju rajut
c 15 70 条|半身裙|スカート|skirt|스커트|chân váy|skirt|กระโปรง|rok
c 18 80 条|瑜伽裤|ヨガパンツ|yoga pants|요가 바지|quần yoga|seluar yoga|กางเกงโยคะ|celana yoga
c 35 160 件|羽绒服|ダウンジャケット|down jacket|다운 재킷|áo phao|jaket bulu|เสื้อขนเป็ด|jaket bulu
= 男装|メンズ服|men's clothing|남성 의류|thời trang nam|pakaian lelaki|เสื้อผ้าผู้ชาย|pakaian pria
c 9 45 件|T恤|Tシャツ|t-shirt|티셔츠|áo thun|kemeja-t|เสื้อยืด|kaos
c 25 110 条|牛仔裤|ジーンズ|jeans|청바지|quần jean|seluar jean|กางเกงยีนส์|celana jeans
c 22 95 件|卫衣|パーカー|hoodie|후드티|áo hoodie|baju hud|เสื้อฮู้ด|hoodie
c 16 70 件|polo衫|ポロシャツ|polo shirt|폴로 셔츠|áo polo|baju polo|เสื้อโปโล|kaos polo
c 30 150 件|夹克|ジャケット|jacket|재킷|áo khoác|jaket|แจ็คเก็ต|jaket
c 3 15 条|内裤|ボクサーパンツ|boxer briefs|사각팬티|quần lót|seluar dalam|กางเกงใน|celana dalam
= 童装|子供服|children's clothing|아동복|quần áo trẻ em|pakaian kanak-kanak|เสื้อผ้าเด็ก|pakaian anak
k 12 55 套|儿童睡衣|子供パジャマ|kids pajamas|아동 잠옷|đồ ngủ trẻ em|baju tidur kanak-kanak|ชุดนอนเด็ก|piyama anak
k 10 45 件|婴儿连体衣|ベビーロンパース|baby romper|아기 우주복|áo liền quần em bé|romper bayi|ชุดหมีเด็กทารก|jumpsuit bayi
k 14 60 条|公主裙|プリンセスドレス|princess dress|공주 드레스|váy công chúa|gaun puteri|ชุดเจ้าหญิง|gaun putri
= 鞋靴|靴|shoes|신발|giày dép|kasut|รองเท้า|sepatu
s 25 130 双|运动鞋|スニーカー|sneakers|운동화|giày thể thao|kasut sukan|รองเท้าผ้าใบ|sepatu kets
s 18 80 双|凉鞋|サンダル|sandals|샌들|dép quai hậu|sandal|รองเท้าแตะรัดส้น|sandal
s 5 25 双|拖鞋|スリッパ|slippers|슬리퍼|dép đi trong nhà|selipar|รองเท้าแตะ|sandal jepit
s 35 180 双|马丁靴|ブーツ|martin boots|부츠|giày bốt|but|รองเท้าบูท|sepatu bot
= 箱包|バッグ|bags and luggage|가방|túi xách và vali|beg|กระเป๋า|tas dan koper
o 20 120 个|双肩包|リュック|backpack|백팩|ba lô|beg galas|กระเป๋าเป้|ransel
o 15 90 个|手提包|ハンドバッグ|handbag|핸드백|túi xách tay|beg tangan|กระเป๋าถือ|tas tangan
o 8 50 个|钱包|財布|wallet|지갑|ví|dompet|กระเป๋าสตางค์|dompet
o 60 260 个|行李箱|スーツケース|suitcase|여행 가방|vali|beg bagasi|กระเป๋าเดินทาง|koper
o 5 30 个|帆布袋|トートバッグ|tote bag|에코백|túi tote|beg tote|ถุงผ้า|tas jinjing
= 数码配件|スマホアクセサリー|phone accessories|디지털 액세서리|phụ kiện điện thoại|aksesori telefon|อุปกรณ์เสริมมือถือ|aksesori ponsel
o 3 25 个|手机壳|スマホケース|phone case|휴대폰 케이스|ốp điện thoại|sarung telefon|เคสโทรศัพท์|casing ponsel
o 4 30 条|数据线|充電ケーブル|charging cable|충전 케이블|cáp sạc|kabel pengecas|สายชาร์จ|kabel pengisi daya
o 15 90 个|充电宝|モバイルバッテリー|power bank|보조배터리|sạc dự phòng|bank kuasa|พาวเวอร์แบงค์|power bank
o 20 140 副|蓝牙耳机|ワイヤレスイヤホン|wireless earphones|무선 이어폰|tai nghe không dây|fon telinga tanpa wayar|หูฟังไร้สาย|earphone nirkabel
o 6 40 个|手机支架|スマホスタンド|phone stand|휴대폰 거치대|giá đỡ điện thoại|pemegang telefon|ที่วางโทรศัพท์|dudukan ponsel
= 家居|インテリア|home living|홈 리빙|đồ gia dụng|barangan rumah|ของใช้ในบ้าน|perlengkapan rumah
v 8 45 个|保温杯|水筒|thermos bottle|보온병|bình giữ nhiệt|termos|กระติกน้ำร้อน|botol termos
v 3 20 个|马克杯|マグカップ|mug|머그컵|cốc sứ|cawan|แก้วมัค|mug
o 6 40 个|收纳盒|収納ボックス|storage box|수납함|hộp đựng đồ|kotak simpanan|กล่องเก็บของ|kotak penyimpanan
o 12 70 个|抱枕|クッション|cushion|쿠션|gối ôm|kusyen|หมอนอิง|bantal sofa
o 30 160 套|四件套|寝具セット|bedding set|침구 세트|bộ chăn ga gối|set cadar|ชุดเครื่องนอน|set sprei
o 4 22 条|毛巾|タオル|towel|수건|khăn tắm|tuala|ผ้าขนหนู|handuk
o 10 60 个|台灯|デスクライト|desk lamp|스탠드 조명|đèn bàn|lampu meja|โคมไฟตั้งโต๊ะ|lampu meja
= 厨房用品|キッチン用品|kitchenware|주방용품|đồ dùng nhà bếp|peralatan dapur|เครื่องครัว|peralatan dapur
o 15 90 个|平底锅|フライパン|frying pan|프라이팬|chảo rán|kuali leper|กระทะ|wajan
o 5 35 把|菜刀|包丁|kitchen knife|식칼|dao bếp|pisau dapur|มีดทำครัว|pisau dapur
v 6 40 个|饭盒|弁当箱|lunch box|도시락|hộp cơm|bekas makanan|กล่องข้าว|kotak makan
o 2 15 个|硅胶铲|シリコンスパチュラ|silicone spatula|실리콘 주걱|xẻng silicon|spatula silikon|ตะหลิวซิลิโคน|spatula silikon
o 4 28 套|餐具|カトラリーセット|cutlery set|수저 세트|bộ dao nĩa|set sudu garpu|ชุดช้อนส้อม|set alat makan
= 美妆|コスメ|beauty|뷰티|làm đẹp|kecantikan|ความงาม|kecantikan
o 3 25 支|口红|口紅|lipstick|립스틱|son môi|gincu|ลิปสติก|lipstik
o 4 30 套|化妆刷|メイクブラシ|makeup brushes|메이크업 브러시|cọ trang điểm|berus solek|แปรงแต่งหน้า|kuas rias
v 8 60 瓶|面霜|フェイスクリーム|face cream|페이스 크림|kem dưỡng da|krim muka|ครีมบำรุงผิวหน้า|krim wajah
o 1 12 副|假睫毛|つけまつげ|false eyelashes|속눈썹|mi giả|bulu mata palsu|ขนตาปลอม|bulu mata palsu
= 饰品|アクセサリー|jewelry|액세서리|trang sức|barang kemas|เครื่องประดับ|perhiasan
o 2 30 条|项链|ネックレス|necklace|목걸이|dây chuyền|rantai leher|สร้อยคอ|kalung
o 1 20 对|耳环|イヤリング|earrings|귀걸이|bông tai|anting-anting|ต่างหู|anting
o 2 18 个|发夹|ヘアクリップ|hair clip|머리핀|kẹp tóc|klip rambut|กิ๊บติดผม|jepit rambut
o 10 80 块|手表|腕時計|wristwatch|손목시계|đồng hồ đeo tay|jam tangan|นาฬิกาข้อมือ|jam tangan
= 宠物用品|ペット用品|pet supplies|반려동물 용품|đồ cho thú cưng|barangan haiwan|อุปกรณ์สัตว์เลี้ยง|perlengkapan hewan
o 10 70 个|猫窝|猫ベッド|cat bed|고양이 침대|ổ mèo|katil kucing|ที่นอนแมว|tempat tidur kucing
o 3 30 个|狗玩具|犬用おもちゃ|dog toy|강아지 장난감|đồ chơi cho chó|mainan anjing|ของเล่นสุนัข|mainan anjing
o 6 45 套|狗牵引绳|犬用リード|dog leash|강아지 목줄|dây dắt chó|tali anjing|สายจูงสุนัข|tali anjing
= 文具玩具|文房具・おもちゃ|stationery and toys|문구 완구|văn phòng phẩm và đồ chơi|alat tulis dan mainan|เครื่องเขียนและของเล่น|alat tulis dan mainan
o 2 18 本|笔记本|ノート|notebook|노트|sổ tay|buku nota|สมุดโน้ต|buku catatan
o 1 12 支|中性笔|ボールペン|gel pen|볼펜|bút bi|pen gel|ปากกาเจล|pulpen gel
o 10 90 盒|积木|ブロック|building blocks|블록|đồ chơi xếp hình|blok binaan|ตัวต่อ|balok susun
o 8 60 个|毛绒玩具|ぬいぐるみ|plush toy|인형|thú nhồi bông|mainan mewah|ตุ๊กตา|boneka
= 运动户外|スポーツ・アウトドア|sports and outdoor|스포츠 아웃도어|thể thao và dã ngoại|sukan dan luar|กีฬาและกลางแจ้ง|olahraga dan luar ruang
o 40 260 顶|帐篷|テント|tent|텐트|lều|khemah|เต็นท์|tenda
o 12 80 张|瑜伽垫|ヨガマット|yoga mat|요가 매트|thảm yoga|tikar yoga|เสื่อโยคะ|matras yoga
o 6 40 把|雨伞|傘|umbrella|우산|ô|payung|ร่ม|payung
o 5 40 顶|棒球帽|キャップ|baseball cap|야구 모자|mũ lưỡi trai|topi besbol|หมวกแก๊ป|topi bisbol
`

const materialTable = `
纯棉|コットン|cotton|면|cotton|kapas|ผ้าฝ้าย|katun
亚麻|リネン|linen|린넨|vải lanh|linen|ผ้าลินิน|linen
真丝|シルク|silk|실크|lụa|sutera|ผ้าไหม|sutra
羊毛|ウール|wool|울|len lông cừu|bulu biri-biri|ขนแกะ|wol
涤纶|ポリエステル|polyester|폴리에스터|polyester|poliester|โพลีเอสเตอร์|poliester
真皮|本革|genuine leather|천연 가죽|da thật|kulit asli|หนังแท้|kulit asli
帆布|キャンバス|canvas|캔버스|vải bố|kanvas|แคนวาส|kanvas
不锈钢|ステンレス|stainless steel|스테인리스|thép không gỉ|keluli tahan karat|สแตนเลส|baja tahan karat
硅胶|シリコン|silicone|실리콘|silicon|silikon|ซิลิโคน|silikon
陶瓷|陶器|ceramic|도자기|gốm|seramik|เซรามิก|keramik
竹制|竹製|bamboo|대나무|tre|buluh|ไม้ไผ่|bambu
玻璃|ガラス|glass|유리|thủy tinh|kaca|แก้วใส|kaca
塑料|プラスチック|plastic|플라스틱|nhựa|plastik|พลาสติก|plastik
合金|合金|alloy|합금|hợp kim|aloi|อัลลอย|paduan logam
`

const styleTable = `
韩版|韓国風|Korean style|한국 스타일|phong cách Hàn Quốc|gaya Korea|สไตล์เกาหลี|gaya Korea
复古|レトロ|retro|레트로|cổ điển|retro|เรโทร|retro
简约|シンプル|minimalist|심플|tối giản|minimalis|มินิมอล|minimalis
休闲|カジュアル|casual|캐주얼|thường ngày|kasual|ลำลอง|kasual
可爱|かわいい|cute|귀여운|dễ thương|comel|น่ารัก|imut
商务|ビジネス|business|비즈니스|công sở|perniagaan|ธุรกิจ|bisnis
街头|ストリート|streetwear|스트리트|đường phố|jalanan|สตรีท|jalanan
国潮|中国風|Chinese style|차이나풍|phong cách Trung Hoa|gaya China|สไตล์จีน|gaya Tiongkok
北欧|北欧|Nordic|북유럽|Bắc Âu|Nordik|นอร์ดิก|Nordik
清新|爽やか|fresh|상큼한|tươi mát|segar|สดใส|segar
`

const featureTable = `
大码|大きいサイズ|plus size|빅사이즈|cỡ lớn|saiz besar|ไซส์ใหญ่|ukuran besar
加厚|厚手|thick|두꺼운|dày|tebal|หนาพิเศษ|tebal
防水|防水|waterproof|방수|chống nước|kalis air|กันน้ำ|tahan air
透气|通気性|breathable|통기성|thoáng khí|bolehkan udara|ระบายอากาศ|berpori
速干|速乾|quick dry|속건|nhanh khô|cepat kering|แห้งเร็ว|cepat kering
便携|携帯用|portable|휴대용|cầm tay|mudah alih|พกพา|portabel
防滑|滑り止め|non-slip|미끄럼 방지|chống trượt|anti gelincir|กันลื่น|anti slip
大容量|大容量|large capacity|대용량|dung tích lớn|kapasiti besar|ความจุมาก|kapasitas besar
轻薄|薄手|lightweight|얇은|mỏng nhẹ|ringan|น้ำหนักเบา|ringan
刺绣|刺繍|embroidered|자수|thêu|sulaman|ปัก|bordir
印花|プリント|printed|프린트|in họa tiết|bercetak|พิมพ์ลาย|bermotif
可折叠|折りたたみ|foldable|접이식|gấp gọn|boleh lipat|พับได้|lipat
`

const colourTable = `
白色|ホワイト|white|화이트|trắng|putih|สีขาว|putih
黑色|ブラック|black|블랙|đen|hitam|สีดำ|hitam
红色|レッド|red|레드|đỏ|merah|สีแดง|merah
蓝色|ブルー|blue|블루|xanh dương|biru|สีน้ำเงิน|biru
绿色|グリーン|green|그린|xanh lá|hijau|สีเขียว|hijau
黄色|イエロー|yellow|옐로|vàng|kuning|สีเหลือง|kuning
粉色|ピンク|pink|핑크|hồng|merah jambu|สีชมพู|merah muda
紫色|パープル|purple|퍼플|tím|ungu|สีม่วง|ungu
灰色|グレー|gray|그레이|xám|kelabu|สีเทา|abu-abu
米色|ベージュ|beige|베이지|be|kuning air|สีเบจ|krem
棕色|ブラウン|brown|브라운|nâu|coklat|สีน้ำตาล|coklat
藏青色|ネイビー|navy|네이비|xanh navy|biru tua|สีกรมท่า|biru dongker
`

// colourRGB paints the pictures, in the order of colourTable.
var colourRGB = [][3]uint8{
	{245, 245, 245}, {40, 40, 40}, {200, 40, 40}, {50, 90, 200}, {50, 150, 80}, {240, 200, 40},
	{240, 150, 180}, {130, 70, 170}, {140, 140, 140}, {225, 205, 170}, {120, 80, 50}, {30, 40, 90},
}

// attrTable names the attributes of products and SKUs.
const attrTable = `
颜色|カラー|color|색상|màu sắc|warna|สี|warna
尺码|サイズ|size|사이즈|kích cỡ|saiz|ขนาด|ukuran
材质|素材|material|소재|chất liệu|bahan|วัสดุ|bahan
风格|スタイル|style|스타일|phong cách|gaya|สไตล์|gaya
`

var sizeSets = map[byte][]string{
	'c': {"S", "M", "L", "XL", "2XL"},
	'k': {"90cm", "100cm", "110cm", "120cm"},
	's': {"36", "37", "38", "39", "40", "41", "42"},
	'v': {"350ml", "500ml", "750ml"},
	'o': nil,
}

var unitTrans = map[string]string{
	"件": "piece", "条": "piece", "套": "set", "双": "pair", "个": "piece", "副": "pair", "把": "piece", "支": "piece", "瓶": "bottle",
	"对": "pair", "块": "piece", "本": "piece", "盒": "box", "顶": "piece", "张": "sheet",
}

var cities = [][2]string{
	{"浙江", "义乌市"}, {"广东", "广州市"}, {"福建", "泉州市"}, {"江苏", "苏州市"}, {"山东", "青岛市"}, {"广东", "深圳市"}, {"浙江", "杭州市"}, {"河北", "保定市"},
}

var shopNames = []string{"恒达", "锦绣", "云帆", "瑞丰", "嘉禾", "明远", "天源", "华彩", "盛和", "晨光", "宏图", "雅居"}
var shopKinds = []string{"服饰有限公司", "贸易有限公司", "日用品厂", "工艺品商行", "电子科技有限公司", "箱包厂"}
