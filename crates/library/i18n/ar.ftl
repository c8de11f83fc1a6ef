nav-desk = مكتب أمين المكتبة
home-documents = { $n ->
    [zero] لا مستندات بعد
    [one] مستند واحد قابل للبحث
    [two] مستندان، يُبحث فيهما معًا
    [few] { $shown } مستندات، يُبحث فيها كلها معًا
    [many] { $shown } مستندًا، يُبحث فيها كلها معًا
   *[other] { $shown } مستند، يُبحث فيها كلها معًا
    }
home-help = كيفية البحث والقراءة
collections = المجموعات
collection = المجموعة
all-collections = كل المجموعات ({ $shown })
no-collections = لا شيء هنا بعد. يمكن لأمين المكتبة إضافة المجموعة الأولى.
documents = { $n ->
    [zero] لا مستندات
    [one] مستند واحد
    [two] مستندان
    [few] { $shown } مستندات
    [many] { $shown } مستندًا
   *[other] { $shown } مستند
    }
documents-column = المستندات
state-new = قيد الإضافة
search-here = البحث في هذه المجموعة
open-main-page = فتح الصفحة الرئيسية
contents = المحتويات
desk-manage = إدارة هذه المجموعة
search-results = نتائج البحث
search-empty = يُرجى كتابة كلمة أو أكثر. الكلمات بين علامتي اقتباس يُبحث عنها كعبارة، وعلامة الطرح تستبعد الكلمة.
search-partial = استغرق هذا البحث وقتًا طويلًا فأُوقف، وهذا ما عُثر عليه حتى ذلك الحين. زيادة الكلمات تجعله أسرع.
search-corrected = لم يُعثر على شيء كما كتبته. هذه نتائج البحث عن:
did-you-mean = هل تقصد:
search-some = لم ترد كل الكلمات معًا: النتائج التي تضم معظمها تظهر أولًا.
search-none = لم يُعثر على شيء عن «{ $s }».
search-none-tips = جرّب كلمات أخرى أو أقل، أو تصفّح محتويات إحدى المجموعات.
search-without = البحث من دون: { $s }
results = { $n ->
    [zero] لا نتائج
    [one] نتيجة واحدة
    [two] نتيجتان
    [few] { $shown } نتائج
    [many] { $shown } نتيجة
   *[other] { $shown } نتيجة
    }
results-over = عدد النتائج أكثر من { $shown }
sort = الترتيب
sort-relevance = الأنسب أولًا
sort-newest = الأحدث أولًا
sort-title = حسب العنوان
narrow = تضييق البحث
facet-collection = المجموعة
facet-kind = النوع
facet-language = اللغة
facet-year = السنة
facet-subject = الموضوع
kind-article = مقالة
kind-book = كتاب
kind-record = تسجيلة
kind-image = صورة
kind-audio = صوت
kind-video = فيديو
kind-document = مستند
kind-map = خريطة
kind-music = موسيقى
kind-periodical = دورية
kind-thesis = رسالة جامعية
kind-other = غير ذلك
article = المقالة
reader-view = وضع القراءة
about-this = عن هذا المستند
original = فتح الأصل
download = تنزيل
read = قراءة
read-text = قراءة كنص
cite = استشهاد
row-authors = المؤلفون
row-year = السنة
row-publisher = الناشر
row-place = مكان النشر
row-edition = الطبعة
row-extent = الوصف المادي
row-series = السلسلة
row-container = ضمن
row-language = اللغة
row-subjects = الموضوعات
row-identifiers = المعرّفات
row-kind = النوع
row-format = الصيغة
row-size = الحجم
row-other-titles = عناوين أخرى
row-notes = ملاحظات
row-responsibility = بيان المسؤولية
row-original = التسجيلة الأصلية
missing-title = هذه الصفحة ليست في المجموعة
missing-text = أُنشئ الأرشيف من دونها. ربما توجد في مجموعة أخرى من هذه المكتبة.
missing-search = البحث عنها في المكتبة
elsewhere-title = هذا الرابط يقود إلى الإنترنت
elsewhere-text = الصفحة ليست في هذه المكتبة. إن كان لديك اتصال بالإنترنت فيمكنك فتحها هنا:
elsewhere-search = البحث في المكتبة بدلًا من ذلك
import-new = إضافة مجموعة
import-upload = من هذا الجهاز
import-upload-explained = أرشيف ZIM واحد، أو ملف واحد من تسجيلات الفهرس (MARC أو MARCXML أو Dublin Core أو BibTeX أو RIS أو CSV أو JSON Lines)، أو أي عدد من المستندات (HTML أو نص أو Markdown أو PDF أو EPUB أو ملفات مكتبية أو صور).
import-folder = من قرص هذه العقدة
import-folder-explained = يضع المشغّل الأرشيفات الكبيرة والمجلدات هنا:
import-folder-empty = المجلد فارغ.
import-what = ماذا
import-how = كيف
import-in-place = إبقاؤه في مكانه (يجب ألا يُنقل منه)
import-copy = نسخه إلى المكتبة
import-start = إضافة
title = العنوان
title-optional = إذا تُرك فارغًا يُؤخذ عنوان المصدر نفسه.
mapping = الأعمدة (لملفات CSV وJSON Lines)
mapping-hint = تُعرف عادةً تلقائيًا. وإلا فاكتب: { "\u2066" }title=اسم العمود, author=اسم العمود, …{ "\u2069" }
files = الملفات
description = الوصف
describe = تعديل الوصف
languages = اللغات
languages-hint = رموز اللغات، مثل { "\u2066" }en, ko{ "\u2069" }
cover = صورة الغلاف
visibility = من يمكنه رؤيتها
visible-all = الجميع
visible-signed-in = كل من سجّل الدخول
visible-group = مجموعة المستخدمين: { $s }
visible-group-short = مجموعة مستخدمين
size = الحجم
index = الفهرس
health = الحالة
healthy = فُحصت وهي سليمة
content-lies = مكان المحتوى
do-update = البحث عن تغييرات
do-check = فحص
do-reindex = إعادة بناء الفهرس
do-cancel = إلغاء
do-retry = إعادة المحاولة
errors = ما تعذّرت إضافته
failed-items = { $n ->
    [zero] لا مشكلات
    [one] مشكلة واحدة
    [two] مشكلتان
    [few] { $shown } مشكلات
    [many] { $shown } مشكلة
   *[other] { $shown } مشكلة
    }
remove-explained = تُزال المجموعة وفهرسها من المكتبة. أما المحتوى الموجود في مكان آخر من القرص فيبقى.
remove-sure = نعم، إزالتها
remove-collection = إزالة المجموعة
job-import = إضافة
job-check = فحص
job-queued = في الانتظار
job-running = قيد التنفيذ
job-done = اكتمل
job-failed = فشل
job-cancelled = أُلغي
job-progress = العناصر: { $items }
job-progress-of = العناصر: { $items } من { $total }
job-rate = { $rate } في الثانية
job-left = يتبقى نحو { $left }
opensearch-description = مكتبة هذه العقدة
export-all = احفظ هذه النتائج بصيغة
export-first = احفظ أول { $shown } نتيجة بصيغة
import-harvest = من مكتبة أخرى
import-harvest-explained = المستودع الذي يتحدث OAI-PMH يعطي سجلاته للآخرين. تُجلب صفحة بعد صفحة ويمكن البحث فيها أثناء ذلك. وزر البحث عن التغييرات يجلب الجديد لاحقًا.
harvest-url = عنوان المستودع
harvest-set = المجموعة (set)
harvest-set-hint = هذا الجزء من المستودع فقط؛ اتركه فارغًا لجلبه كله.
harvest-prefix = الصيغة
job-harvest = حصاد السجلات
