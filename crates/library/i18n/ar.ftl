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
nav-catalogue = الفهرس
changes = ما تغيّر
changes-about = أحدث تسجيلات فهارس هذه المكتبة وما سُحب منها: من ومتى ولماذا.
changes-none = لم يُنشر شيء بعد.
changes-check = تحقّق بنفسك
changes-check-about = كل نشر وكل سحب قيد في سجل موقّع لا يمكن إلا أن يكبر. يمكن لأي أحد نسخ ملفاته والتحقق منها بالمفتاح.
feed-origin = السجل
feed-address = العنوان
feed-key = المفتاح
change-new = جديد
change-newer = نسخة جديدة
change-batch-edit = عُدِّلت مع سجلات كثيرة معًا
change-batch-import = من ملف مستورد
change-batch-undo = تم التراجع عن تعديل سجلات كثيرة
withdrawn = مسحوب
catalogue-none = لا يوجد فهرس بعد.
catalogue-new = ابدأ فهرسًا
drafts-mine = مسوداتي
drafts-none = لا شيء.
drafts-submitted = مسلَّمة بانتظار القرار
draft-writing = قيد الكتابة
draft-submitted = مسلَّمة
draft-returned = مُعادة
draft-comment = ما بقي عمله
record-new = تسجيلة جديدة
record-edit = تحرير التسجيلة
record-shown = كما يراها القراء
record-state = الحالة
record-changed = نُشرت
records-none = لا تسجيلات هنا؛ قد يوجد المزيد في الصفحة التالية.
state-live = منشورة
title-begins = العنوان يبدأ بـ
catalogued-by = فهرسها
sort-changed = الأحدث أولًا
form-dc = نموذج بسيط (دبلن كور)
form-marc = أسطر مارك 21
template-book = كتاب
template-serial = مجلة أو سلسلة
template-article = مقالة
template-thesis = رسالة جامعية
template-map = خريطة
template-music = تسجيل موسيقي
template-score = نوتة موسيقية
template-video = فيديو
template-website = موقع ويب
template-archive-item = وثيقة أرشيف
element = العنصر
value = القيمة
role-of-name = الدور
more-rows = صفوف أخرى
marc-lines = الأسطر
marc-lines-hint = حقل في كل سطر: ‎=245 10$aTitle. الشرطة المائلة العكسية فراغ.
cataloguers-note = ملاحظة للمفهرسين
why-changed = السبب (يراه الجميع)
problems = يرجى النظر في هذا
publish-anyway = انشرها كما هي
publish = انشر
check-record = افحص فقط
save-draft = احفظ مسودة
submit-draft = سلّم
discard-draft = ارمِ
return-draft = أعد
history = التاريخ
restore = استرجع هذه النسخة
restored-from = النسخة { $s } من جديد
withdraw = اسحب
withdraw-explained = تُمحى كل نسخ التسجيلة نهائيًا، هنا وعلى كل عقدة لديها نسخة. أما أنها كانت موجودة ولماذا ذهبت فيبقى في صفحة التغييرات.
withdraw-note = شرح (يبقى دائمًا؛ لا تذكر أحدًا)
withdraw-sure = نعم، اسحبها نهائيًا
reason = السبب
reason-copyright = حق لغيرنا
reason-privacy = الخصوصية
reason-error = نُشرت خطأً
reason-duplicate = موجودة مرتين
reason-legal = محكمة أو سلطة
reason-harmful = قد تضر أحدًا
reason-owner = رغبة مؤلفها
reason-other = غير ذلك
conflict = سبقك غيرك
conflict-explained = أثناء كتابتك نشر { $s } نسخة أحدث. لم يضع شيء مما كتبت: انظر الفروق واختر ثم انشر.
conflict-theirs = ما تغيّر هناك
conflict-drop = اترك تغييراتي
side-mine = لي
side-theirs = لهم
side-both = كلاهما
side-removed = محذوف
publish-merged = انشر التسجيلة المدمجة
base-undecoded = حروف لا تُقرأ: { $count }؛ تُحفظ التسجيلة كما جاءت، لكن التحرير يبدلها بـ “�”: اكتبها من جديد
base-unimarc = التسجيلة بصيغة UNIMARC: تُحفظ وتُعرض، لكن لا تُفحص بقواعد مارك 21
dc-date = “{ $value }” ليس تاريخًا مثل 1999 أو 1999-05 أو 1999-05-31: اكتبه هكذا أو ضعه في ملاحظة
dc-empty = { $field } فارغ: املأه أو احذفه
dc-identifier = “{ $value }” ليس { $scheme }: راجع كل رقم، أو اجعله معرفًا بلا نوع
dc-language = “{ $value }” ليست لغة معروفة هنا: ضع وسمًا مثل en أو pt-BR أو gez
dc-no-creator = لم يُذكر منشئ ولا مساهم: أضف من صنعه إن عُرف
dc-no-title = العنوان ناقص: ضع العنوان كما هو على العمل، أو عنوانًا من عندك بين قوسين مربعين
dc-qualifier = “{ $value }” لا يناسب { $field }: اختر محددًا آخر
dc-role = “{ $value }” ليس دورًا من ثلاثة أحرف ولا كلمة: اختر من القائمة
dc-second-title = عنوان ثانٍ بلا محدد: اجعله عنوانًا بديلًا
dc-twice = “{ $value }” مذكور مرتين: احذف واحدًا
dc-url = “{ $value }” ليس عنوانًا: اكتبه كاملًا بدءًا بـ https://
fixed-length = { $field } فيه { $found } حرفًا ويلزم { $wanted }: زد أو أنقص في آخره
fixed-position = { $field } الموضع { $position }: “{ $found }” غير معرّف؛ المعرّف { $wanted }
fixed-date = 008 الموضع { $position }: “{ $found }” ليس تاريخًا: أربعة أرقام، أو u للمجهول، أو فراغات
fixed-language = “{ $found }” ليس رمز لغة في مارك: ثلاثة أحرف مثل eng
fixed-missing = { $field } ناقص: ابدأ بقالب فيه ذلك
line-bad-escape = السطر { $line }: “{ $found }” بين قوسين غير معروف: اكتب {"{lcub}"} للقوس
line-bad-tag = السطر { $line }: “{ $found }” ليس وسمًا: اكتب = وثلاثة أرقام ثم فراغًا
line-indicators = السطر { $line }: “{ $found }” يحتاج مؤشرين قبل أول $: اكتب \ للفراغ
line-leader-length = السطر { $line }: الفاتحة فيها { $found } حرفًا ويلزم 24: اكتب \ لكل فراغ
line-no-blank = السطر { $line }: فراغ ناقص بين الوسم والمحتوى قبل “{ $found }”
line-no-code = السطر { $line }: علامة $ بلا حرف أو رقم بعدها: أضفه، أو اكتب {"{dollar}"} لعلامة الدولار
line-no-subfield = السطر { $line }: الحقل بلا حقول فرعية: أضف $a والنص
line-no-tag = السطر { $line }: “{ $found }” لا يبدأ بوسم: اكتب = ووسمًا، أو صله بالسطر السابق
line-nothing = لا توجد أسطر: اكتب على الأقل =245 00$a وعنوانًا
line-second-leader = السطر { $line }: فاتحة ثانية: احذفها
line-too-much = النص أكثر من { $limit } حقلًا أو بايتًا: قسّم التسجيلة
marc-check-digit = { $field } ${ $subfield }: رقم التحقق في “{ $value }” خطأ: صححه أو انقله إلى $z
marc-control-in-data = { $field } ${ $subfield } فيه محرف تحكم: احذفه
marc-empty-subfield = { $field } ${ $subfield } فارغ: املأه أو احذفه
marc-field-length = { $field } فيه { $found } بايت، وISO 2709 يسمح بـ 9999: اختصره أو قسّمه
marc-indicator = { $field }: المؤشر { $number } هو “{ $found }”؛ المعرّف { $wanted }
marc-irregular = { $field } بلا مؤشرين وحقول فرعية: اكتبه مثل =245 10$aTitle
marc-no-245 = الحقل 245 (العنوان) ناقص: أضف =245 00$a والعنوان
marc-no-title = 245 بلا عنوان في $a: أضفه
marc-no-subfields = { $field } بلا حقول فرعية: أضف $a والنص
marc-order = 008 أو حقول ضبط أخرى بعد حقول البيانات: ضعها أولًا
marc-record-length = التسجيلة { $found } بايت، وISO 2709 يسمح بـ 99999: اختصرها أو قسّمها
marc-repeated-field = { $field } ({ $name }) مكرر { $found } مرات ويكفي واحد: احذف الباقي أو ادمجه
marc-repeated-main = في التسجيلة { $found } مداخل رئيسة (1XX) ويكفي واحد: اجعل الباقي 7XX
marc-repeated-subfield = { $field } ${ $subfield } ({ $name }) يرد مرة واحدة: ادمجها أو كرر الحقل
marc-subfield-code = { $field }: “{ $subfield }” ليس رمز حقل فرعي: استعمل حرفًا صغيرًا أو رقمًا
marc-terminator = { $field } فيه بايت ينهي الحقول أو التسجيلات: احذفه
marc-unknown-field = { $field } ليس حقلًا معروفًا هنا في مارك 21: راجع الوسم
marc-unknown-subfield = { $field } بلا حقل فرعي ${ $subfield }: راجع الرمز
marc-url = { $field } ${ $subfield }: “{ $value }” ليس عنوانًا: اكتبه كاملًا بدءًا بـ https://
marc-date-differs = سنة 008 ({ $found }) غير سنة النشر ({ $wanted }): صحح إحداهما

# Feeds, protocols and harvests
opds-newest = الأحدث أولًا
opds-titles = الكل حسب العنوان
opds-all = الكل
harvest-every = سؤال المستودع تلقائيًا
harvest-never = أبدًا
harvest-daily = كل يوم
harvest-weekly = كل أسبوع
harvest-hours = كل { $n } ساعة
harvest-whole = حصاد كل شيء من جديد
harvest-whole-hint = يُجلب كل شيء من جديد، ويُحذف في النهاية ما لم يعد في المستودع. وحتى ذلك الحين يجد القراء كل ما كان موجودًا.
# Many records at once, and what the desk knows
nav-lists = قوائم القراءة
choose = اختيار
look-again = تحديث
batch = تعديل سجلات كثيرة
batches = الدفعات
batches-none = لم يُعدَّل بعد عدد من السجلات معًا.
batch-of-chosen = تعديل المختار معًا
batch-of-all = تعديل كل ما يطابق
batch-nothing = لم تُختر سجلات: اخترها من القائمة أو بالبحث.
batch-what = اختر ما تريد فعله.
batch-chosen = السجلات المختارة: { $shown }
batch-all = كل سجلات الفهرس: { $shown }
batch-filter = كل السجلات المطابقة: { $s }
batch-search = ما يجده البحث، ألف على الأكثر: { $s }
batch-of = سجلات الدفعة { $s }
batch-by-search = سجلات يجدها البحث (ألف على الأكثر)
batch-operation = ما العمل
batch-subject = إضافة موضوع
batch-set = ضبط حقل
batch-add = إضافة إلى حقل
batch-remove = حذف من حقل
batch-replace = بحث واستبدال في حقل
batch-field = الحقل
batch-field-hint = عنصر مثل subject أو حقل MARC مثل 650 أو 650$a
batch-value = القيمة أو النص المطلوب
batch-value-hint = لحذف كل القيم اتركه فارغًا.
batch-with = استبدال بـ
batch-reason = سبب السحب
batch-withdraw-final = لا يمكن التراجع عن هذا: التراجع عن الدفعة لا يعيد أي تسجيلة مسحوبة.
batch-preview = معاينة
batch-run = تنفيذ على الكل
batch-looked = سجلات فُحصت: { $shown }
batch-looked-first = من أول { $shown } سجل
batch-changed = تغيّر: { $shown }
batch-unchanged = بلا تغيير: { $shown }
batch-invalid = غير ممكن: { $shown }
batch-new = جديد: { $shown }
batch-failed = فشل: { $shown }
batch-gathering = جمع السجلات
batch-working = قيد العمل
batch-seen = السجلات
batch-import = استيراد { $s }
batch-trial = تجربة { $s }
batch-its = تعديل سجلاتها
batch-undo = التراجع عن الدفعة
batch-undo-about = تُنشر الإصدارات السابقة من جديد لكل سجل لم يغيّره أحد بعدها.
batch-undo-of = تراجع عن الدفعة { $s }
batch-undone = تم التراجع عنها.
job-batch = دفعة
result-new = جديد
result-matched = موجود مسبقًا
result-changed = تغيّر
result-unchanged = بلا تغيير
result-failed = غير ممكن
import-into = استيراد سجلات
import-into-about = تُنشر سجلات فهرس آخر (MARC وMARCXML وDublin Core وBibTeX وRIS وCSV وJSON Lines) في هذا الفهرس. تتقابل بحسب ISBN أو ISSN أو DOI أو العنوان والمؤلف والسنة.
import-try = تجربة أولًا
import-now = استيراد الآن
rule = سجل موجود مسبقًا
rule-skip = يبقى كما هو
rule-replace = تُستبدل حقوله بالجديدة
rule-fill = يُستكمل ما ينقصه
rule-add = يُضاف إليه كل ما هو مختلف
rule-separate = لا يُبحث عنه: الكل جديد
duplicates = المكررات
duplicates-about = سجلات لها الرقم نفسه أو العنوان والمؤلف والسنة نفسها.
duplicates-none = لم يُعثر على المزيد.
duplicates-none-yet = لا شيء في هذا الجزء؛ الصفحة التالية تواصل البحث.
duplicates-title = العنوان والمؤلف والسنة
duplicates-compare = مقارنة
duplicates-apart = ليست مكررة
duplicates-merge = دمجهما في واحد
duplicates-merge-about = يبقى سجل واحد. ويُسحب الآخر نهائيًا لأنه مكرر، ويقود عنوانه إلى السجل الباقي.
duplicates-keep = أيهما يبقى
duplicates-take = السجل الباقي
duplicates-take-nothing = لا يأخذ شيئًا من الآخر
duplicates-same = كلاهما متطابق.
duplicates-conflict = غيّر أحدهم سجلًا منهما في هذه الأثناء: انظر من جديد واختر.
searches-failed = عمليات بحث بلا نتائج
searches-about = ما يبحث عنه القراء ولا يجدونه. لا تُحفظ إلا كلمات أخفقت { $shown } مرات على الأقل في أسبوع، ولا يُحفظ أبدًا من بحث ولا متى بالضبط.
searches-none = لا بحث أخفق بما يكفي ليُعرض.
searches-since = منذ { $s }
searches-weeks = { $shown } أسابيع
searches-nothing = لا شيء: { $shown }
searches-loosened = المشابه فقط: { $shown }
searches-catalogue = فهرسته
searches-again = بحث من جديد
searches-dismiss = تجاهل
statistics = إحصاءات
statistics-all = الكل
statistics-others = غير ذلك
statistics-unknown = غير معروف
statistics-weeks = الأسابيع
statistics-by = حسب
statistics-records = السجلات
statistics-done = السجلات بحسب المفهرس والأسبوع
statistics-done-about = يُحسب السجل لمن نشر أحدث إصدار منه.
statistics-done-sum = السجلات في هذه الأسابيع: { $shown }
statistics-backlog = ما ينتظر
statistics-backlog-sum = المسودات: { $shown }
statistics-coverage = ما تحويه السجلات
statistics-coverage-sum = السجلات: { $shown }
age-week = حتى أسبوع
age-month = حتى شهر
age-quarter = حتى ثلاثة أشهر
age-older = أقدم
age-oldest = الأقدم
part-creator = المؤلف
part-summary = ملخص
part-cover = الغلاف
part-file = ملف
lists-none = لا قوائم عامة بعد.
lists-own = قوائمك
lists-own-none = ليست لديك قوائم بعد.
lists-sign-in = سجّل الدخول لإنشاء قوائمك.
list-new = قائمة جديدة
list-items = العناصر: { $shown }
list-empty = القائمة فارغة بعد: افتح سجلًا واختر «إضافة إلى قائمة».
list-add = إضافة إلى قائمة
list-which = القائمة
list-note = ملاحظة
list-edit = تعديل القائمة
list-description = الوصف
list-shared = من يراها
shared-private = أنت فقط
shared-link = من يعرف العنوان
shared-public = الجميع
list-order = الترتيب والملاحظات
list-up = إلى أعلى
list-down = إلى أسفل
list-off = إزالة
list-picture = صورة (اتركها فارغة لإزالتها)
list-remove = حذف القائمة
list-remove-sure = نعم، احذف القائمة
list-item-gone = ما كان هنا لم يعد في المكتبة.
list-item-hidden = شيء لا يحق لك رؤيته: سجّل الدخول أو اسأل أمين المكتبة.
list-export = كملف:
# One record at a time: headings, files, templates, review, times.
headings-look-up = ابحث عن المداخل
headings-in-use = مداخل مستعملة
heading-as-typed = كما كُتب
headings-none = لا مدخل مستعمل يبدأ هكذا.
headings-offered = المداخل المعروضة: { $n }
files-add = أضف ملفات
file-remove = احذف
cover-hint = PNG أو JPEG أو WebP أو GIF. حتى 40 كيلوبايت تظهر أيضًا في نتائج البحث.
cover-of = غلاف «{ $s }»
file-too-large = «{ $name }» أكبر من { $limit } ميغابايت: صغّره أو اطلب من المشغّل رفع attachment_limit_mb
file-no-picture = «{ $s }» ليس صورة يمكن عرضها: اختر ملف PNG أو JPEG أو WebP أو GIF
templates-own = قوالبكم الخاصة
template-save = احفظ قالبًا
template-name = اسم القالب
template-share = لكل مفهرسي هذا الفهرس
template-saved = حُفظ قالبًا باسم «{ $s }».
template-needs-name = أعطِ القالب اسمًا
template-shared = للجميع
undo-publication = تراجع عن هذا النشر
withdrawn-record = سُحب هذا السجل
withdrawn-kindly = لم تخطئ في شيء: كان هنا ثم سُحب نهائيًا. لم يبقَ منه إلا ما يرد أدناه.
withdrawn-when = متى
withdrawn-by = قرّره
review = بانتظار المراجعة
review-about = المسودات المُسلَّمة، الأقدم أولًا.
review-none = لا أحد ينتظر.
review-who = من ينتظر
review-since = منذ
review-count = مسودات تنتظر المراجعة: { $shown }
returned-count = أُعيدت إليك: { $shown }
ago-now = الآن
ago-minutes = { $n ->
    [one] قبل دقيقة
    [two] قبل دقيقتين
    [few] قبل { $n } دقائق
   *[other] قبل { $n } دقيقة
}
ago-hours = { $n ->
    [one] قبل ساعة
    [two] قبل ساعتين
    [few] قبل { $n } ساعات
   *[other] قبل { $n } ساعة
}
ago-days = { $n ->
    [one] أمس
    [two] قبل يومين
    [few] قبل { $n } أيام
   *[other] قبل { $n } يومًا
}
date-long = { $day } { $name ->
   *[m1] يناير
    [m2] فبراير
    [m3] مارس
    [m4] أبريل
    [m5] مايو
    [m6] يونيو
    [m7] يوليو
    [m8] أغسطس
    [m9] سبتمبر
    [m10] أكتوبر
    [m11] نوفمبر
    [m12] ديسمبر
} { $year }

# Following other nodes
followed-from = من { $s }؛ يُحرَّر هناك.
followed-read-only = هذا السجل لعقدة أخرى. يُقرأ هنا ويُحرَّر هناك.
file-elsewhere = لدى { $s }، ولم يُنسخ إلى هنا
job-follow = المتابعة
follow-title = العقد المتابَعة
follow-about = تُعرض هنا فهارس عقد أخرى ويُبحث فيها كفهارسك، وتُحرَّر هناك. كل شيء يُدقَّق بمفتاح العقدة الأخرى.
follow-compare = أهذه هي العقدة الصحيحة؟
follow-node = العقدة
follow-address = العنوان
follow-address-hint = عنوان العقدة مثل http://hill.internal أو الملفات الثابتة لخلاصة.
follow-folder = أو مجلد أو ذاكرة محمولة
follow-bad-address = أدخل عنوانًا يبدأ بـ http:// أو https:// أو اختر أحد المجلدات.
follow-look = انظر
follow-new = متابعة عقدة أخرى
follow-begin = تابِع
follow-key = المفتاح
follow-key-hint = قارن هذا المفتاح بما تعرضه صفحة «هذه العقدة» هناك، أو اسأل بالهاتف. يُسأل عنه مرة واحدة.
follow-known = مفتاح هذه العقدة معروف هنا.
follow-entries = المدخلات
follow-every = يُسأل تلقائيًا
follow-files = ملفات السجلات
follow-files-all = الأغلفة والملفات
follow-files-covers = الأغلفة
follow-files-none = لا شيء
follow-mb = حتى هذا القدر من الميغابايت لكل ملف؛ 0 لأي حجم
follow-failed = لم تكتمل آخر محاولة:
follow-reached = آخر تواصل
follow-missing = ملفات تعذّر جلبها
follow-now = اسأل الآن
follow-again = اطلب ما كان ناقصًا
follow-sure = إزالة مجموعاتها من المكتبة هنا
follow-end = أوقف المتابعة
nodes-about = العقد التي تتابعها هذه العقدة كما تصف نفسها.
nodes-own = هذه العقدة
nodes-none = لا تُتابَع أي عقدة.
found-in-file = وُجد في الملف { $s }
