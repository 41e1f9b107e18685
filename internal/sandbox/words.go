package sandbox

// langs is the order of the columns in every table. zh is the seller's own text, the rest are its translations.
var langs = []string{"zh", "ja", "en", "ko", "vi", "ms", "th", "id", "ru"}

// The tables of the words titles are made of. A leading "letters|" names the groups of products a word fits (fashionTable, goodsTable).
// Words are in the form they take inside a title; forms people search for stand behind a "/".

// audienceTable is looked up by its single letter.
const audienceTable = `
w|女|レディース|for women/women/ladies/women's|여성|nữ|wanita|สำหรับผู้หญิง|wanita|для женщин/женский
m|男|メンズ|for men/men/men's|남성|nam|lelaki|สำหรับผู้ชาย|pria|для мужчин/мужской
k|儿童|キッズ/子供用|for kids/kids/children|아동/키즈|cho trẻ em|kanak-kanak|สำหรับเด็ก|anak|для детей/детский
b|宝宝|ベビー|for babies/baby|유아용/아기|cho bé|bayi|สำหรับทารก|bayi|для малышей
a|男女通用|男女兼用|unisex|남녀공용|unisex/nam nữ|uniseks|ใส่ได้ทั้งชายหญิง|unisex|унисекс
`

const materialTable = `
fkdhy|纯棉|コットン/綿|cotton|면/코튼|cotton/vải cotton|kapas|ผ้าฝ้าย/คอตตอน|katun|из хлопка/хлопок/хлопковый
fh|亚麻|リネン/麻|linen|린넨|vải lanh|linen|ผ้าลินิน|linen|из льна/льняной
f|真丝|シルク|silk|실크|lụa|sutera|ผ้าไหม|sutra|из шёлка/шёлковый
f|雪纺|シフォン|chiffon|시폰|voan|sifon|ผ้าชีฟอง|sifon|из шифона
f|莫代尔|モダール|modal|모달|modal|modal|ผ้าโมดัล|modal|из модала
kf|羊毛|ウール|wool|울/양모|len lông cừu|bulu biri-biri|ขนแกะ/ผ้าวูล|wol|из шерсти/шерстяной
k|羊绒|カシミヤ|cashmere|캐시미어|len cashmere|kashmir|แคชเมียร์|kasmir|из кашемира
k|腈纶|アクリル|acrylic yarn|아크릴 원사|len acrylic|benang akrilik|ไหมอะคริลิก|akrilik rajut|из акрила
fnd|涤纶|ポリエステル|polyester|폴리에스터|polyester|poliester|โพลีเอสเตอร์|poliester|из полиэстера
ng|尼龙|ナイロン|nylon|나일론|nylon|nilon|ไนลอน|nilon|из нейлона
d|牛仔布|デニム|denim|데님|vải denim|denim|ผ้ายีนส์|denim|из денима/джинсовый
ls|真皮|本革|genuine leather/leather|천연 가죽|da thật|kulit asli|หนังแท้|kulit asli|из натуральной кожи/кожаный
lsg|PU皮|合皮/PUレザー|PU leather|PU 가죽/인조 가죽|da PU|kulit PU|หนังพียู|kulit PU|из экокожи/экокожа
l|超纤皮|マイクロファイバーレザー|microfiber leather|극세사 가죽|da microfiber|kulit mikrofiber|หนังไมโครไฟเบอร์|kulit mikrofiber|из микрофибры
s|网面|メッシュ|mesh|메쉬|vải lưới|jaring|ผ้าตาข่าย|mesh|из сетки
sg|帆布|キャンバス|canvas|캔버스|vải bố|kanvas|แคนวาส|kanvas|из канваса
g|牛津布|オックスフォード生地|oxford cloth|옥스퍼드 원단|vải oxford|kain oxford|ผ้าอ็อกซ์ฟอร์ด|kain oxford|из ткани оксфорд
mu|不锈钢|ステンレス|stainless steel|스테인리스|inox/thép không gỉ|keluli tahan karat|สแตนเลส|baja tahan karat/stainless|из нержавеющей стали
m|铝合金|アルミ合金|aluminum alloy|알루미늄 합금|hợp kim nhôm|aloi aluminium|อะลูมิเนียมอัลลอย|paduan aluminium|из алюминиевого сплава
m|碳钢|炭素鋼|carbon steel|탄소강|thép carbon|keluli karbon|เหล็กกล้าคาร์บอน|baja karbon|из углеродистой стали
rp|硅胶|シリコン|silicone|실리콘|silicone|silikon|ซิลิโคน|silikon|из силикона/силиконовый
r|橡胶|ゴム|rubber|고무|cao su|getah|ยาง|karet|из резины
rs|EVA|EVA|EVA foam|EVA|xốp EVA|busa EVA|โฟมอีวีเอ|busa EVA|из ЭВА
pey|ABS塑料|ABS樹脂|ABS plastic|ABS|nhựa ABS|plastik ABS|พลาสติกเอบีเอส|plastik ABS|из ABS-пластика
p|PP塑料|プラスチック/ポリプロピレン|plastic/PP plastic|플라스틱|nhựa PP|plastik PP|พลาสติกพีพี/พลาสติก|plastik PP|из пластика/пластиковый
p|亚克力|アクリル樹脂|acrylic|아크릴|mica acrylic|akrilik|อะคริลิก|akrilik|из оргстекла/акрил
et|PVC|PVC|PVC|PVC|nhựa PVC|PVC|พีวีซี|PVC|из ПВХ
e|尼龙编织|ナイロン編み|nylon braided|나일론 직조|dây dù bện|nilon tocang|ไนลอนถัก|nilon kepang|в нейлоновой оплётке
xu|玻璃|ガラス|glass|유리|thủy tinh|kaca|แก้วใส|kaca|из стекла/стеклянный
x|陶瓷|陶器/セラミック|ceramic|도자기/세라믹|gốm sứ|seramik|เซรามิก|keramik|из керамики/керамический
w|实木|天然木/木製|solid wood/wooden|원목|gỗ tự nhiên|kayu padu|ไม้จริง|kayu solid|из массива дерева/деревянный
w|竹制|竹製|bamboo|대나무|tre|buluh|ไม้ไผ่|bambu|из бамбука/бамбуковый
w|藤编|ラタン|rattan|라탄|mây đan|rotan|หวายสาน|rotan|из ротанга
h|珊瑚绒|マイクロフリース|coral fleece|산호 플리스|nỉ san hô|bulu karang|ผ้าขนนุ่มคอรัล|bulu karang|из кораллового флиса
h|竹纤维|竹繊維|bamboo fiber|대나무 섬유|sợi tre|serat buluh|ใยไผ่|serat bambu|из бамбукового волокна
h|法兰绒|フランネル|flannel|플란넬|vải flannel|flanel|ผ้าสักหลาด|flanel|из фланели
j|925银|シルバー925|925 silver/silver|925 실버/은|bạc 925|perak 925|เงินแท้ 925|perak 925|из серебра 925 пробы/серебро
j|钛钢|サージカルステンレス|titanium steel|써지컬 스틸|thép titan|keluli titanium|เหล็กไทเทเนียม|baja titanium|из титановой стали
j|镀金|金メッキ|gold plated|골드 도금|mạ vàng|bersadur emas|ชุบทอง|lapis emas|с позолотой/позолоченный
j|珍珠|パール|pearl|진주|ngọc trai|mutiara|มุก|mutiara|с жемчугом/жемчуг
j|水晶|クリスタル|crystal|크리스탈|pha lê|kristal|คริสตัล|kristal|с кристаллами
jm|锌合金|亜鉛合金|zinc alloy|아연 합금|hợp kim kẽm|aloi zink|ซิงค์อัลลอย|paduan seng|из цинкового сплава
c|玻尿酸|ヒアルロン酸|hyaluronic acid|히알루론산|hyaluronic acid|asid hialuronik|ไฮยาลูรอน|asam hialuronat|с гиалуроновой кислотой
c|维生素C|ビタミンC|vitamin C|비타민C|vitamin C|vitamin C|วิตามินซี|vitamin C|с витамином C
c|芦荟|アロエ|aloe vera|알로에|lô hội/nha đam|lidah buaya|ว่านหางจระเข้|lidah buaya|с алоэ вера
c|植物精华|植物エキス|plant extract|식물 추출물|chiết xuất thực vật|ekstrak tumbuhan|สารสกัดจากพืช|ekstrak tumbuhan|с растительными экстрактами
y|毛绒|プラッシュ|plush|플러시|nhung mềm|bulu lembut|ผ้ากำมะหยี่|bulu halus|из плюша/плюшевый
y|木质|木のおもちゃ|wooden|나무|bằng gỗ|kayu|ไม้|kayu|из дерева
t|牛皮纸|クラフト紙|kraft paper|크라프트지|giấy kraft|kertas kraf|กระดาษคราฟท์|kertas kraft|из крафт-бумаги
i|原味|プレーン味|original flavor|오리지널맛|vị nguyên bản|perisa asli|รสดั้งเดิม|rasa original|с классическим вкусом
i|巧克力味|チョコレート味|chocolate flavor|초콜릿맛|vị sô cô la|perisa coklat|รสช็อกโกแลต|rasa cokelat|со вкусом шоколада
i|草莓味|いちご味|strawberry flavor|딸기맛|vị dâu|perisa strawberi|รสสตรอว์เบอร์รี|rasa stroberi|со вкусом клубники
i|抹茶味|抹茶味|matcha flavor|말차맛|vị matcha|perisa matcha|รสมัทฉะ|rasa matcha|со вкусом матча
i|海盐味|塩味|sea salt flavor|소금맛|vị muối biển|perisa garam laut|รสเกลือทะเล|rasa garam laut|со вкусом морской соли
t|铜版纸|コート紙|coated paper|코팅지|giấy couche|kertas bersalut|กระดาษอาร์ต|kertas art|из мелованной бумаги
`

const styleTable = `
f|韩版|韓国風|Korean style|한국 스타일|phong cách Hàn Quốc|gaya Korea|สไตล์เกาหลี|gaya Korea|в корейском стиле
fh|复古|レトロ|retro/vintage|레트로/빈티지|phong cách cổ điển|retro|สไตล์เรโทร/วินเทจ|retro/vintage|в стиле ретро
fhgwk|简约|シンプル|minimalist/simple|심플|tối giản|minimalis|มินิมอล|minimalis|в стиле минимализм
fg|休闲|カジュアル|casual|캐주얼|phong cách thường ngày|kasual|ลำลอง|kasual|в стиле кэжуал/повседневный
fk|可爱|かわいい|cute|귀여운|dễ thương|comel|น่ารัก|imut/lucu|в милом дизайне/милый
fg|商务|ビジネス|business|비즈니스|phong cách công sở|perniagaan|สไตล์ธุรกิจ|bisnis|в деловом стиле
f|街头|ストリート|streetwear|스트리트|phong cách đường phố|gaya jalanan|สตรีท|gaya jalanan/streetwear|в уличном стиле
fh|国潮|中国風|Chinese style|중국풍|phong cách Trung Hoa|gaya China|สไตล์จีน|gaya Tiongkok|в китайском стиле
h|北欧|北欧|Nordic/Scandinavian|북유럽|phong cách Bắc Âu|gaya Nordik|สไตล์นอร์ดิก|gaya Nordik|в скандинавском стиле
fh|日系|和風/日本風|Japanese style|일본 스타일|phong cách Nhật Bản|gaya Jepun|สไตล์ญี่ปุ่น|gaya Jepang|в японском стиле
fh|法式|フレンチ|French style|프렌치|phong cách Pháp|gaya Perancis|สไตล์ฝรั่งเศส|gaya Prancis|во французском стиле
fh|波西米亚|ボヘミアン|bohemian|보헤미안|phong cách boho|gaya bohemia|สไตล์โบฮีเมียน|gaya bohemian|в стиле бохо
hk|卡通|キャラクター柄|cartoon|캐릭터|họa tiết hoạt hình|kartun|ลายการ์ตูน|kartun|с мультяшным рисунком
gk|创意|アイデア|creative|아이디어|sáng tạo|kreatif|ไอเดียสร้างสรรค์|kreatif|в креативном дизайне
g|科技感|近未来|futuristic|미래형|phong cách công nghệ|futuristik|สไตล์ล้ำสมัย|futuristik|в футуристичном стиле
gy|轻奢|プチ高級|affordable luxury|럭셔리|sang trọng|mewah|สไตล์หรู|mewah|в премиальном стиле
y|清新|フレッシュ|fresh|산뜻한|tươi mát|segar|สดชื่น|segar|в свежем стиле
y|天然|ナチュラル|natural|내추럴|tự nhiên|semula jadi|ธรรมชาติ|alami|с натуральным составом
`

const featureTable = `
c|大码|大きいサイズ|plus size|빅사이즈|cỡ lớn|saiz besar|ไซส์ใหญ่|ukuran besar|больших размеров/большой размер
cs|加厚|厚手|thick|두꺼운|dáng dày dặn|tebal|หนาพิเศษ|tebal|с утеплением/утеплённый
c|宽松|ゆったり|loose fit|루즈핏|dáng rộng|potongan longgar|ทรงหลวม|longgar|свободного кроя
c|修身|スリム|slim fit|슬림핏|dáng ôm|potongan ramping|ทรงเข้ารูป|slim fit|приталенного кроя
cb|刺绣|刺繍|embroidered|자수|thêu|sulaman|ปักลาย|bordir|с вышивкой
ctb|印花|プリント柄|printed|프린트|in họa tiết|bercorak|พิมพ์ลาย|motif print|с принтом
c|速干|速乾|quick dry|속건|nhanh khô|cepat kering|แห้งเร็ว|cepat kering|из быстросохнущей ткани
cst|透气|通気性|breathable|통기성|thoáng khí|peredaran udara baik|ระบายอากาศ|bernapas/adem|с вентиляцией/дышащий
c|高腰|ハイウエスト|high waist|하이웨이스트|lưng cao|pinggang tinggi|เอวสูง|pinggang tinggi|с высокой посадкой
c|长袖|長袖|long sleeve|긴팔|dài tay|lengan panjang|แขนยาว|lengan panjang|с длинным рукавом
s|防滑|滑り止め|non-slip|미끄럼 방지|chống trượt|anti gelincir|กันลื่น|anti slip|с нескользящей подошвой/нескользящий
s|软底|やわらかソール|soft sole|부드러운 밑창|đế mềm|tapak lembut|พื้นนุ่ม|sol empuk|на мягкой подошве
s|厚底|厚底ソール|platform|통굽|đế dày|tapak tebal|พื้นหนา|sol tebal|на толстой подошве
sboean|防水|防水|waterproof|방수|chống nước|kalis air|กันน้ำ|tahan air|с защитой от воды/водонепроницаемый
bhkpd|大容量|大容量|large capacity|대용량|dung tích lớn|kapasiti besar|ความจุมาก|kapasitas besar|большой вместимости
b|多隔层|多ポケット|multi-pocket|다중 수납|nhiều ngăn|banyak poket|หลายช่อง|banyak saku|с множеством карманов
b|防盗|盗難防止|anti-theft|도난 방지|chống trộm|anti curi|กันขโมย|anti maling|с защитой от кражи
behkopnd|便携|携帯用|portable|휴대용|tiện mang theo|mudah alih|พกพา|portabel|портативного формата/портативный
hopn|可折叠|折りたたみ|foldable|접이식|gấp gọn|boleh lipat|พับได้|lipat|складной конструкции/складной
e|快充|急速充電|fast charging|고속 충전|sạc nhanh|pengecasan pantas|ชาร์จเร็ว|pengisian cepat|с быстрой зарядкой
ea|无线|ワイヤレス|wireless|무선|không dây|tanpa wayar|ไร้สาย|nirkabel|беспроводного типа/беспроводной
e|降噪|ノイズキャンセリング|noise cancelling|노이즈 캔슬링|chống ồn|pembatal bunyi|ตัดเสียงรบกวน|peredam bising|с шумоподавлением
ead|充电式|充電式|rechargeable|충전식|sạc lại được|boleh dicas semula|ชาร์จไฟได้|isi ulang|с аккумулятором
ed|静音|静音|silent|저소음|yên tĩnh|senyap|เสียงเงียบ|senyap|с тихой работой/бесшумный
ed|智能|スマート|smart|스마트|thông minh|pintar|อัจฉริยะ|pintar|с умным управлением/умный
k|耐高温|耐熱|heat resistant|내열|chịu nhiệt|tahan panas|ทนความร้อน|tahan panas|с термостойким покрытием/термостойкий
k|不粘|こびりつかない|non-stick|논스틱|chống dính|tidak melekat|ไม่ติด|anti lengket|с антипригарным покрытием
k|食品级|食品グレード|food grade|식품 등급|an toàn thực phẩm|gred makanan|เกรดอาหาร|food grade|из пищевых материалов
khp|易清洗|お手入れ簡単|easy to clean|세척 간편|dễ vệ sinh|mudah dibersihkan|ทำความสะอาดง่าย|mudah dibersihkan|с лёгкой очисткой
h|免打孔|穴あけ不要|no drilling|무타공|không cần khoan|tanpa gerudi|ไม่ต้องเจาะ|tanpa bor|без сверления
h|多功能|多機能|multifunctional|다기능|đa năng|pelbagai fungsi|อเนกประสงค์|multifungsi|с множеством функций/многофункциональный
t|柔软|やわらかい|soft|부드러운|mềm mại|lembut|เนื้อนุ่ม|lembut|с мягкой фактурой/мягкий
t|吸水|吸水|absorbent|흡수력 좋은|thấm hút|serap air|ซับน้ำ|daya serap tinggi|с высокой впитываемостью
y|保湿|保湿|moisturizing|보습|dưỡng ẩm|melembapkan|ให้ความชุ่มชื้น|melembapkan|с увлажняющим эффектом
y|持久|長持ち|long lasting|지속력 좋은|lâu trôi|tahan lama|ติดทน|tahan lama|с долгой стойкостью/стойкий
y|控油|皮脂コントロール|oil control|유분 조절|kiềm dầu|kawalan minyak|คุมมัน|kontrol minyak|с контролем жирности
y|温和|低刺激|gentle|저자극|dịu nhẹ|tidak merengsa|อ่อนโยน|lembut di kulit|для чувствительной кожи
j|不过敏|金属アレルギー対応|hypoallergenic|알러지 방지|không gây dị ứng|hipoalergenik|ไม่แพ้ง่าย|hipoalergenik|с гипоаллергенным покрытием
j|不掉色|色落ちしない|fade resistant|변색 방지|không phai màu|tidak luntur|ไม่ลอก|tidak luntur|со стойким покрытием
j|镶钻|ラインストーン|rhinestone|큐빅|đính đá|bertatah batu|ประดับเพชร|berlian imitasi|со стразами
q|安全无毒|安心素材|non-toxic|무독성|không độc hại|tidak toksik|ปลอดสารพิษ|tidak beracun|из безопасных материалов
q|益智|知育|educational|두뇌 발달|phát triển trí tuệ|perkembangan minda|เสริมพัฒนาการ|edukatif|для развития ребёнка/развивающий
qw|彩色|カラフル|colorful|컬러풀|nhiều màu sắc|berwarna-warni|หลากสี|warna-warni|ярких цветов
w|加厚耐用|丈夫|durable|튼튼한|bền chắc|tahan lasak|ทนทาน|awet|повышенной прочности
o|超轻|超軽量|ultralight|초경량|siêu nhẹ|ultra ringan|น้ำหนักเบา|ultra ringan|сверхлёгкой конструкции
o|专业级|プロ仕様|professional|프로용|chuyên nghiệp|profesional|ระดับมืออาชีพ|profesional|профессионального уровня
p|耐咬|噛んでも丈夫|bite resistant|물어뜯기 방지|chống cắn|tahan gigitan|ทนการกัด|tahan gigitan|с защитой от укусов
an|通用型|汎用|universal|범용|đa dụng|universal|ใช้ได้ทั่วไป|universal|универсального размера
n|防摔|耐衝撃|shockproof|충격 방지|chống sốc|tahan hentakan|กันกระแทก|tahan benturan|с защитой от ударов
n|超薄|超薄型|ultra thin|초슬림|siêu mỏng|ultra nipis|บางเฉียบ|ultra tipis|сверхтонкой конструкции
i|独立包装|個包装|individually wrapped|개별 포장|gói riêng từng cái|dibungkus berasingan|แยกซองเดี่ยว|kemasan satuan|в индивидуальной упаковке
i|无蔗糖|砂糖不使用|sugar free|무설탕|không đường|tanpa gula|ไม่มีน้ำตาล|bebas gula|без сахара
i|低脂|低脂肪|low fat|저지방|ít béo|rendah lemak|ไขมันต่ำ|rendah lemak|с низким содержанием жира
i|家庭装|ファミリーパック|family pack|패밀리팩|gói gia đình|pek keluarga|แพ็กครอบครัว|kemasan keluarga|в семейной упаковке
a|加固|強化|heavy duty|강화형|siêu bền|tugas berat|เสริมความแข็งแรง|heavy duty|усиленной конструкции
`

const sceneTable = `
h|家用|家庭用|for home|가정용|dùng trong nhà|untuk rumah|สำหรับบ้าน|untuk rumah|для дома
huw|办公室|オフィス用|for the office|사무실용|cho văn phòng|untuk pejabat|สำหรับสำนักงาน|untuk kantor|для офиса
h|宿舍|寮・一人暮らし用|for dorms|기숙사용|cho ký túc xá|untuk asrama|สำหรับหอพัก|untuk asrama kos|для общежития
u|旅行|旅行用|for travel|여행용|đi du lịch|untuk melancong|สำหรับเดินทาง|untuk perjalanan|для путешествий
uw|学生|学生用|for students|학생용|cho học sinh|untuk pelajar|สำหรับนักเรียน|untuk pelajar sekolah|для учёбы
o|户外|アウトドア用|for outdoors|야외용|đi dã ngoại|untuk aktiviti luar|สำหรับกลางแจ้ง|untuk kegiatan luar|для улицы
o|健身房|ジム用|for the gym|헬스장용|cho phòng gym|untuk gim|สำหรับยิม|untuk gym|для спортзала
p|猫狗通用|犬猫用|for cats and dogs|강아지 고양이용|cho chó mèo|untuk kucing dan anjing|สำหรับหมาแมว|untuk kucing dan anjing|для кошек и собак
t|生日礼物|誕生日プレゼント|for birthday gifts|생일 선물용|làm quà sinh nhật|untuk hadiah hari jadi|สำหรับของขวัญวันเกิด|untuk kado ulang tahun|для подарка
a|车载|車用|for cars|차량용|cho ô tô|untuk kereta|สำหรับรถยนต์|untuk mobil|для автомобиля
a|维修|修理用|for repairs|수리용|để sửa chữa|untuk pembaikan|สำหรับงานซ่อม|untuk perbaikan|для ремонта
`

const seasonTable = `
春季|春|spring|봄|mùa xuân|musim bunga|ฤดูใบไม้ผลิ|musim semi|весна
夏季|夏|summer|여름|mùa hè|musim panas|ฤดูร้อน|musim panas|лето
秋季|秋|autumn/fall|가을|mùa thu|musim luruh|ฤดูใบไม้ร่วง|musim gugur|осень
冬季|冬|winter|겨울|mùa đông|musim sejuk|ฤดูหนาว|musim dingin|зима
`

const sellingTable = `
厂家直销|工場直販|factory direct|공장 직판|giá xưởng|terus dari kilang|ขายตรงจากโรงงาน|langsung dari pabrik|от производителя
批发|卸売|wholesale|도매|bán sỉ|borong|ขายส่ง|grosir|оптом
跨境热销|海外人気|best seller|인기 상품|bán chạy|laris|ขายดี|terlaris|хит продаж
现货|即納|in stock|즉시 출고|hàng có sẵn|stok sedia|พร้อมส่ง|ready stock|в наличии
可定制LOGO|ロゴ対応|custom logo|로고 제작 가능|nhận in logo|logo tersuai|สั่งทำโลโก้ได้|bisa custom logo|с вашим логотипом
`

const colourTable = `
白色|ホワイト/白|white|화이트/흰색|trắng|putih|สีขาว|putih|белый
黑色|ブラック/黒|black|블랙/검정|đen|hitam|สีดำ|hitam|чёрный
红色|レッド/赤|red|레드/빨강|đỏ|merah|สีแดง|merah|красный
蓝色|ブルー/青|blue|블루/파랑|xanh dương|biru|สีน้ำเงิน|biru|синий
绿色|グリーン/緑|green|그린/초록|xanh lá|hijau|สีเขียว|hijau|зелёный
黄色|イエロー/黄色|yellow|옐로/노랑|vàng|kuning|สีเหลือง|kuning|жёлтый
粉色|ピンク|pink|핑크/분홍|hồng|merah jambu|สีชมพู|merah muda/pink|розовый
紫色|パープル/紫|purple|퍼플/보라|tím|ungu|สีม่วง|ungu|фиолетовый
灰色|グレー|gray/grey|그레이/회색|xám|kelabu|สีเทา|abu-abu|серый
米色|ベージュ|beige|베이지|be|kuning air|สีเบจ|krem|бежевый
棕色|ブラウン/茶色|brown|브라운/갈색|nâu|coklat|สีน้ำตาล|coklat|коричневый
藏青色|ネイビー/紺|navy|네이비/남색|xanh navy|biru tua|สีกรมท่า|biru dongker/navy|тёмно-синий
`

// colourRGB paints the pictures, in the order of colourTable.
var colourRGB = [][3]uint8{
	{245, 245, 245}, {40, 40, 40}, {200, 40, 40}, {50, 90, 200}, {50, 150, 80}, {240, 200, 40},
	{240, 150, 180}, {130, 70, 170}, {140, 140, 140}, {225, 205, 170}, {120, 80, 50}, {30, 40, 90},
}

// packTable is the third dimension of some SKU matrices.
const packTable = `
单件装|1点|single|1개입|1 cái|1 unit|1 ชิ้น|satuan|1 шт.
两件装|2点セット|pack of 2|2개 세트|bộ 2 cái|set 2 unit|แพ็ก 2 ชิ้น|isi 2|набор из 2 шт.
三件装|3点セット|pack of 3|3개 세트|bộ 3 cái|set 3 unit|แพ็ก 3 ชิ้น|isi 3|набор из 3 шт.
`

// attrTable names the attributes of products and SKUs; attributeIDs holds their numbers.
const attrTable = `
颜色|カラー|color|색상|màu sắc|warna|สี|warna|цвет
尺码|サイズ|size|사이즈|kích cỡ|saiz|ขนาด|ukuran|размер
材质|素材|material|소재|chất liệu|bahan|วัสดุ|bahan|материал
风格|スタイル|style|스타일|phong cách|gaya|สไตล์|gaya|стиль
套装规格|セット内容|pack|구성|quy cách bộ|pek|จำนวนต่อแพ็ก|isi paket|комплект
适用人群|対象|suitable for|대상|đối tượng|sesuai untuk|เหมาะสำหรับ|cocok untuk|для кого
适用季节|季節|season|계절|mùa|musim|ฤดูกาล|musim|сезон
功能特点|特徴|feature|특징|đặc điểm|ciri|คุณสมบัติ|fitur|особенность
适用场景|用途|use|용도|mục đích sử dụng|kegunaan|การใช้งาน|kegunaan|назначение
货号|品番|item number|품번|mã hàng|nombor item|รหัสสินค้า|nomor barang|артикул
产地|原産地|origin|원산지|xuất xứ|tempat asal|แหล่งผลิต|tempat asal|место производства
上市年份|発売年|year of launch|출시 연도|năm ra mắt|tahun pelancaran|ปีที่วางขาย|tahun rilis|год выпуска
`

// unitTable translates the sales units; a unit is looked up by its Chinese word.
const unitTable = `
件|点|piece|개|chiếc|helai|ตัว|potong|шт.
条|本|piece|개|chiếc|helai|เส้น|buah|шт.
套|セット|set|세트|bộ|set|ชุด|set|комплект
双|足|pair|켤레|đôi|pasang|คู่|pasang|пара
个|個|piece|개|cái|buah|ชิ้น|buah|шт.
副|組|pair|쌍|bộ|pasang|คู่|pasang|пара
把|本|piece|개|chiếc|bilah|อัน|buah|шт.
支|本|piece|개|cây|batang|แท่ง|batang|шт.
瓶|本|bottle|병|chai|botol|ขวด|botol|флакон
对|ペア|pair|쌍|đôi|pasang|คู่|pasang|пара
块|個|piece|개|cái|keping|ชิ้น|buah|шт.
本|冊|piece|권|quyển|buah|เล่ม|buah|шт.
盒|箱|box|상자|hộp|kotak|กล่อง|kotak|коробка
顶|個|piece|개|chiếc|buah|ใบ|buah|шт.
张|枚|sheet|장|tấm|helai|แผ่น|lembar|лист
片|枚|piece|장|miếng|keping|แผ่น|lembar|шт.
台|台|unit|대|chiếc|unit|เครื่อง|unit|шт.
盏|台|piece|개|chiếc|buah|ดวง|buah|шт.
盆|鉢|pot|화분|chậu|pasu|กระถาง|pot|горшок
面|面|piece|개|chiếc|keping|บาน|buah|шт.
枚|個|piece|개|chiếc|bentuk|วง|buah|шт.
卷|巻|roll|롤|cuộn|gulung|ม้วน|gulung|рулон
包|袋|pack|팩|gói|pek|แพ็ก|bungkus|упаковка
根|本|piece|개|cây|batang|เส้น|batang|шт.
辆|台|unit|대|chiếc|buah|คัน|unit|шт.
`

// sizeSets are the second dimension of the SKU matrices, by the letter in the product tables.
var sizeSets = map[byte][]string{
	'c': {"S", "M", "L", "XL", "2XL", "3XL"},
	'b': {"59cm", "66cm", "73cm", "80cm"},
	'k': {"90cm", "100cm", "110cm", "120cm", "130cm"},
	's': {"35", "36", "37", "38", "39", "40"},
	'm': {"39", "40", "41", "42", "43", "44"},
	'l': {"1m", "1.5m", "2m", "3m"},
	'v': {"350ml", "500ml", "750ml"},
	'g': {"30g", "50g", "100g"},
	'd': {"30×20cm", "40×30cm", "60×40cm"},
	'q': {"1.2m", "1.5m", "1.8m", "2.0m"},
	'z': {"S", "M", "L"},
	'i': {"16cm", "20cm", "24cm", "28cm"},
	'w': {"6", "7", "8", "9", "10"},
	'e': {"A4", "A5", "B5"},
	'o': nil,
}

var cities = [][2]string{
	{"浙江", "义乌市"}, {"广东", "广州市"}, {"福建", "泉州市"}, {"江苏", "苏州市"}, {"山东", "青岛市"}, {"广东", "深圳市"}, {"浙江", "杭州市"}, {"河北", "保定市"},
	{"浙江", "宁波市"}, {"广东", "东莞市"}, {"广东", "汕头市"}, {"浙江", "温州市"}, {"福建", "厦门市"}, {"江苏", "南通市"},
}

var shopNames = []string{
	"恒达", "锦绣", "云帆", "瑞丰", "嘉禾", "明远", "天源", "华彩", "盛和", "晨光", "宏图", "雅居", "聚鑫", "百汇", "臻品", "鸿运", "优尚", "博源", "万佳", "星辰",
}

// shopKinds are what the shops of each first-level category call themselves, in the order of the product tables.
var shopKinds = [][]string{
	{"服饰有限公司", "女装厂"}, {"服装有限公司", "制衣厂"}, {"母婴用品有限公司", "童装厂"}, {"针织有限公司", "内衣厂"}, {"鞋业有限公司", "鞋厂"}, {"皮具有限公司", "箱包厂"},
	{"电子科技有限公司", "数码配件厂"}, {"家居用品有限公司", "日用品厂"}, {"厨具有限公司", "五金制品厂"}, {"化妆品有限公司", "日化厂"}, {"饰品有限公司", "工艺品厂"},
	{"宠物用品有限公司", "宠物用品厂"}, {"文具玩具有限公司", "玩具厂"}, {"体育用品有限公司", "户外用品厂"}, {"汽车用品有限公司", "五金工具厂"}, {"食品有限公司", "食品厂"},
}
