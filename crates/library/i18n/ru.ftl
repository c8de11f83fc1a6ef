nav-desk = Кабинет библиотекаря
home-documents = { $n ->
    [one] { $shown } документ с общим поиском
    [few] { $shown } документа с общим поиском
    [many] { $shown } документов с общим поиском
   *[other] { $shown } документа с общим поиском
    }
home-help = Как искать и читать
collections = Коллекции
collection = Коллекция
all-collections = Все коллекции ({ $shown })
no-collections = Здесь пока ничего нет. Первую коллекцию может добавить библиотекарь.
documents = { $n ->
    [one] { $shown } документ
    [few] { $shown } документа
    [many] { $shown } документов
   *[other] { $shown } документа
    }
documents-column = Документы
state-new = добавляется
search-here = Искать в этой коллекции
open-main-page = Открыть главную страницу
contents = Содержание
desk-manage = Управление коллекцией
search-results = Результаты поиска
search-empty = Введите одно или несколько слов. Слова в кавычках ищутся как фраза; минус исключает слово.
search-partial = Поиск занял слишком много времени и был прерван: показано то, что успели найти. Чем больше слов, тем он быстрее.
search-corrected = По вашему запросу ничего не найдено. Показаны результаты для запроса:
did-you-mean = Возможно, вы искали:
search-some = Все слова вместе не встретились: сначала показаны результаты, где их больше всего.
search-none = По запросу «{ $s }» ничего не найдено.
search-none-tips = Попробуйте другие слова или меньше слов либо просмотрите содержание какой-нибудь коллекции.
search-without = Искать без условия: { $s }
results = { $n ->
    [one] { $shown } результат
    [few] { $shown } результата
    [many] { $shown } результатов
   *[other] { $shown } результата
    }
results-over = Результатов: более { $shown }
sort = Порядок
sort-relevance = сначала лучшие
sort-newest = сначала новые
sort-title = по названию
narrow = Уточнить поиск
facet-collection = Коллекция
facet-kind = Тип
facet-language = Язык
facet-year = Год
facet-subject = Тема
kind-article = Статья
kind-book = Книга
kind-record = Запись
kind-image = Изображение
kind-audio = Аудио
kind-video = Видео
kind-document = Документ
kind-map = Карта
kind-music = Музыка
kind-periodical = Периодика
kind-thesis = Диссертация
kind-other = Другое
article = Статья
reader-view = Режим чтения
about-this = Об этом документе
original = Открыть оригинал
download = Скачать
read = Читать
read-text = Читать как текст
cite = Цитировать
row-authors = Авторы
row-year = Год
row-publisher = Издательство
row-place = Место издания
row-edition = Издание
row-extent = Объём
row-series = Серия
row-container = Источник
row-language = Язык
row-subjects = Темы
row-identifiers = Идентификаторы
row-kind = Тип
row-format = Формат
row-size = Размер
row-other-titles = Другие названия
row-notes = Примечания
row-responsibility = Сведения об ответственности
row-original = Исходная запись
missing-title = Этой страницы нет в коллекции
missing-text = Архив создан без неё. Возможно, она есть в другой коллекции этой библиотеки.
missing-search = Искать её в библиотеке
elsewhere-title = Эта ссылка ведёт в Интернет
elsewhere-text = Этой страницы нет в библиотеке. Если у вас есть доступ в Интернет, её можно открыть здесь:
elsewhere-search = Искать в библиотеке
import-new = Добавить коллекцию
import-upload = С этого устройства
import-upload-explained = Один архив ZIM, один файл каталожных записей (MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV, JSON Lines) или любое число документов (HTML, текст, Markdown, PDF, EPUB, офисные файлы, изображения).
import-folder = С диска этого узла
import-folder-explained = Большие архивы и папки оператор размещает здесь:
import-folder-empty = Папка пуста.
import-what = Что
import-how = Как
import-in-place = Оставить на месте (файлы нельзя будет перемещать)
import-copy = Скопировать в библиотеку
import-start = Добавить
title = Название
title-optional = Если оставить пустым, берётся название из источника.
mapping = Столбцы (для CSV и JSON Lines)
mapping-hint = Обычно определяются сами. Иначе: title=Имя столбца, author=Имя столбца, …
files = Файлы
description = Описание
describe = Изменить описание
languages = Языки
languages-hint = Языковые теги, например en, ko
cover = Обложка
visibility = Кому видно
visible-all = Всем
visible-signed-in = Всем, кто вошёл
visible-group = Группе: { $s }
visible-group-short = Группе
size = Размер
index = индекс
health = Состояние
healthy = проверено, без повреждений
content-lies = Где хранится
do-update = Найти изменения
do-check = Проверить
do-reindex = Перестроить индекс
do-cancel = Отменить
do-retry = Повторить
errors = Что не удалось добавить
failed-items = { $n ->
    [one] { $shown } проблема
    [few] { $shown } проблемы
    [many] { $shown } проблем
   *[other] { $shown } проблемы
    }
remove-explained = Коллекция и её индекс будут удалены из библиотеки. То, что хранится в другом месте на диске, останется.
remove-sure = Да, удалить
remove-collection = Удалить коллекцию
job-import = Добавление
job-check = Проверка
job-queued = в очереди
job-running = выполняется
job-done = готово
job-failed = не удалось
job-cancelled = отменено
job-progress = элементов: { $items }
job-progress-of = элементов: { $items } из { $total }
job-rate = { $rate } в секунду
job-left = осталось около { $left }
opensearch-description = Библиотека этого узла
export-all = Сохранить эти результаты как
export-first = Сохранить первые { $shown } результатов как
import-harvest = Из другой библиотеки
import-harvest-explained = Хранилище с OAI-PMH отдаёт свои записи другим. Они загружаются страница за страницей, и по ним уже можно искать. Поиск изменений позже загрузит новое.
harvest-url = Адрес хранилища
harvest-set = Набор (set)
harvest-set-hint = Только эта часть хранилища; пусто — всё.
harvest-prefix = Формат
job-harvest = Сбор записей
nav-catalogue = Каталог
changes = Что изменилось
changes-about = Новые записи собственных каталогов библиотеки и отозванные: кто, когда и почему.
changes-none = Пока ничего не опубликовано.
changes-check = Проверьте сами
changes-check-about = Каждая публикация и каждый отзыв — запись в подписанном журнале, который может только расти. Любой может скопировать его файлы и проверить их ключом.
feed-origin = Журнал
feed-address = Адрес
feed-key = Ключ
change-new = новое
change-newer = новая версия
change-batch-edit = изменено вместе со многими записями
change-batch-import = из импортированного файла
change-batch-undo = отменена правка многих записей
withdrawn = Отозвано
catalogue-none = Каталогов пока нет.
catalogue-new = Начать каталог
drafts-mine = Мои черновики
drafts-none = Нет.
drafts-submitted = Сданы, ждут решения
draft-writing = пишется
draft-submitted = сдан
draft-returned = возвращён
draft-comment = Что ещё сделать
record-new = Новая запись
record-edit = Правка записи
record-shown = Как видят читатели
record-state = Состояние
record-changed = Опубликовано
records-none = Здесь записей нет; возможно, они есть на следующей странице.
state-live = опубликовано
title-begins = Заглавие начинается с
catalogued-by = Каталогизатор
sort-changed = сначала новые
form-dc = Простая форма (Дублинское ядро)
form-marc = Строки MARC 21
template-book = Книга
template-serial = Журнал или серия
template-article = Статья
template-thesis = Диссертация
template-map = Карта
template-music = Музыкальная запись
template-score = Ноты
template-video = Видео
template-website = Сайт
template-archive-item = Архивный документ
element = Элемент
value = Значение
role-of-name = Роль
more-rows = Ещё строки
marc-lines = Строки
marc-lines-hint = Поле в строке: =245 10$aЗаглавие. Обратная косая черта — пробел.
cataloguers-note = Примечание для каталогизаторов
why-changed = Почему (видно всем)
problems = Обратите внимание
publish-anyway = Опубликовать как есть
publish = Опубликовать
check-record = Только проверить
save-draft = Сохранить черновик
submit-draft = Сдать
discard-draft = Выбросить
return-draft = Вернуть
history = История
restore = Вернуть эту версию
restored-from = снова версия { $s }
withdraw = Отозвать
withdraw-explained = Все версии записи стираются навсегда, здесь и на каждом узле с копией. То, что она была и почему исчезла, остаётся на странице изменений.
withdraw-note = Пояснение (остаётся навсегда; никого не называйте)
withdraw-sure = Да, отозвать навсегда
reason = Причина
reason-copyright = чужое право
reason-privacy = частная жизнь
reason-error = опубликовано по ошибке
reason-duplicate = есть дважды
reason-legal = суд или власти
reason-harmful = могла навредить
reason-owner = желание автора
reason-other = другое
conflict = Кто-то успел раньше
conflict-explained = Пока вы писали, появилась более новая версия: { $s }. Ваше не потеряно: посмотрите отличия, выберите и опубликуйте.
conflict-theirs = Что изменилось там
conflict-drop = Отказаться от моих правок
side-mine = Моё
side-theirs = Их
side-both = Оба
side-removed = удалено
publish-merged = Опубликовать объединённую запись
base-undecoded = нечитаемых знаков: { $count }; запись хранится как пришла, но правка заменит их на “�”: введите их заново
base-unimarc = запись в UNIMARC: она хранится и показывается, но правила MARC 21 не проверяются
dc-date = “{ $value }” — не дата вида 1999, 1999-05 или 1999-05-31: напишите так или дайте её в примечании
dc-empty = { $field }: пусто: заполните или удалите
dc-identifier = “{ $value }” — не { $scheme }: проверьте каждую цифру или дайте без схемы
dc-language = язык “{ $value }” здесь неизвестен: дайте метку, например en, pt-BR или gez
dc-no-creator = не назван ни автор, ни участник: добавьте, если известно
dc-no-title = нет заглавия: дайте его как на издании или своё в квадратных скобках
dc-qualifier = “{ $value }” не подходит к { $field }: выберите другой уточнитель
dc-role = “{ $value }” — не роль из трёх букв и не слово: выберите из списка
dc-second-title = второе заглавие без уточнителя: отметьте его как другое заглавие
dc-twice = “{ $value }” дано дважды: удалите одно
dc-url = “{ $value }” — не адрес: дайте его целиком, с https://
fixed-length = { $field }: знаков { $found }, нужно { $wanted }: добавьте или уберите в конце
fixed-position = { $field }, позиция { $position }: “{ $found }” не определено; определены { $wanted }
fixed-date = 008, позиция { $position }: “{ $found }” — не дата: четыре цифры, u для неизвестных или пробелы
fixed-language = “{ $found }” — не код языка MARC: дайте три буквы, например eng
fixed-missing = нет { $field }: начните с шаблона, где оно есть
line-bad-escape = строка { $line }: “{ $found }” в скобках неизвестно: открывающая скобка пишется {"{lcub}"}
line-bad-tag = строка { $line }: “{ $found }” — не метка: напишите = и три цифры, затем пробел
line-indicators = строка { $line }: “{ $found }” требует двух индикаторов перед первым $: вместо пробела \
line-leader-length = строка { $line }: в маркере { $found } знаков, нужно 24: вместо каждого пробела \
line-no-blank = строка { $line }: нет пробела между меткой и содержанием, перед “{ $found }”
line-no-code = строка { $line }: после $ нет буквы или цифры: добавьте или напишите {"{dollar}"} вместо знака доллара
line-no-subfield = строка { $line }: нет подполя: добавьте $a и текст
line-no-tag = строка { $line }: “{ $found }” начинается не с метки: напишите = и метку или присоедините к строке выше
line-nothing = строк нет: напишите хотя бы =245 00$a и заглавие
line-second-leader = строка { $line }: второй маркер: удалите его
line-too-much = больше { $limit } полей или байтов: разделите запись
marc-check-digit = { $field } ${ $subfield }: контрольная цифра “{ $value }” неверна: исправьте или перенесите в $z
marc-control-in-data = { $field } ${ $subfield }: управляющий знак: удалите его
marc-empty-subfield = { $field } ${ $subfield }: пусто: заполните или удалите
marc-field-length = { $field }: { $found } байтов, ISO 2709 допускает 9999: сократите или разделите
marc-indicator = { $field }: индикатор { $number } — “{ $found }”; определены { $wanted }
marc-irregular = { $field }: нет двух индикаторов и подполей: напишите как =245 10$aЗаглавие
marc-no-245 = нет 245, заглавия: добавьте =245 00$a и заглавие
marc-no-title = в 245 нет заглавия в $a: добавьте
marc-no-subfields = { $field }: нет подполей: добавьте $a и текст
marc-order = 008 или другие контрольные поля стоят после полей данных: поставьте их вперёд
marc-record-length = в записи { $found } байтов, ISO 2709 допускает 99999: сократите или разделите
marc-repeated-field = { $field } ({ $name }) встречается { $found } раз, должно быть одно: удалите или соедините
marc-repeated-main = основных заголовков (1XX) { $found }, должен быть один: остальные сделайте 7XX
marc-repeated-subfield = { $field } ${ $subfield } ({ $name }) может стоять один раз: соедините или повторите поле
marc-subfield-code = { $field }: “{ $subfield }” — не код подполя: строчная буква или цифра
marc-terminator = { $field }: байт, завершающий поле или запись: удалите его
marc-unknown-field = { $field } — неизвестное здесь поле MARC 21: проверьте метку
marc-unknown-subfield = { $field }: нет подполя ${ $subfield }: проверьте код
marc-url = { $field } ${ $subfield }: “{ $value }” — не адрес: дайте его целиком, с https://
marc-date-differs = год в 008 ({ $found }) — не год издания ({ $wanted }): исправьте один из них

# Feeds, protocols and harvests
opds-newest = Сначала новые
opds-titles = Все по названию
opds-all = Все
harvest-every = Обращаться к хранилищу автоматически
harvest-never = никогда
harvest-daily = каждый день
harvest-weekly = каждую неделю
harvest-hours = каждые { $n } ч
harvest-whole = Собрать всё заново
harvest-whole-hint = Всё загружается заново; то, чего в хранилище больше нет, удаляется в конце. До тех пор читатели находят всё, что было.
# Many records at once, and what the desk knows
nav-lists = Списки чтения
choose = Выбрать
look-again = Обновить
batch = Правка многих записей
batches = Пакеты
batches-none = Пакетных правок ещё не было.
batch-of-chosen = Править выбранные вместе
batch-of-all = Править все найденные
batch-nothing = Записи не выбраны: выберите их в списке или поиском.
batch-what = Выберите действие.
batch-chosen = Выбрано записей: { $shown }
batch-all = Все записи каталога: { $shown }
batch-filter = Все записи по условию: { $s }
batch-search = Найденное поиском, не более тысячи: { $s }
batch-of = Записи пакета { $s }
batch-by-search = Записи, найденные поиском (не более тысячи)
batch-operation = Действие
batch-subject = Добавить тему
batch-set = Задать поле
batch-add = Добавить в поле
batch-remove = Удалить из поля
batch-replace = Найти и заменить в поле
batch-field = Поле
batch-field-hint = Элемент, например subject, или поле MARC: 650 или 650$a
batch-value = Значение или искомый текст
batch-value-hint = Чтобы удалить все значения, оставьте пустым.
batch-with = Заменить на
batch-reason = Причина отзыва
batch-withdraw-final = Это нельзя отменить: отмена пакета не возвращает отозванных записей.
batch-preview = Предпросмотр
batch-run = Выполнить для всех
batch-looked = Просмотрено записей: { $shown }
batch-looked-first = Из первых { $shown } записей
batch-changed = изменено: { $shown }
batch-unchanged = без изменений: { $shown }
batch-invalid = невозможно: { $shown }
batch-new = новых: { $shown }
batch-failed = не удалось: { $shown }
batch-gathering = сбор записей
batch-working = выполняется
batch-seen = Записи
batch-import = Импорт { $s }
batch-trial = Проба { $s }
batch-its = Править её записи
batch-undo = Отменить пакет
batch-undo-about = Прежние версии публикуются снова для всех записей, которые с тех пор никто не менял.
batch-undo-of = Отмена пакета { $s }
batch-undone = Пакет отменён.
job-batch = Пакет
result-new = Новые
result-matched = Уже есть
result-changed = Изменены
result-unchanged = Без изменений
result-failed = Не удалось
import-into = Импорт записей
import-into-about = Записи другого каталога (MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV, JSON Lines) публикуются в этом. Совпадения ищутся по ISBN, ISSN, DOI или по заглавию, автору и году.
import-try = Сначала попробовать
import-now = Импортировать
rule = Запись, которая уже есть
rule-skip = остаётся как есть
rule-replace = получает новые поля вместо своих
rule-fill = получает недостающее
rule-add = получает всё, чего в ней нет
rule-separate = не ищется: все записи новые
duplicates = Дубликаты
duplicates-about = Записи с одним номером или с одинаковыми заглавием, автором и годом.
duplicates-none = Больше не найдено.
duplicates-none-yet = В этой части нет; следующая страница ищет дальше.
duplicates-title = Заглавие, автор и год
duplicates-compare = Сравнить
duplicates-apart = Это не дубликаты
duplicates-merge = Объединить
duplicates-merge-about = Одна запись остаётся. Другая навсегда отзывается как дубликат, и её адрес ведёт к оставшейся.
duplicates-keep = Какая остаётся
duplicates-take = Оставшаяся запись
duplicates-take-nothing = ничего не берёт из другой
duplicates-same = Записи совпадают.
duplicates-conflict = Одну из них тем временем изменили: посмотрите и выберите снова.
searches-failed = Поиски без результата
searches-about = Что ищут и не находят читатели. Хранятся только слова, не найденные за неделю не менее { $shown } раз, и никогда — кто и когда именно искал.
searches-none = Нет поисков, которые не удавались бы достаточно часто.
searches-since = С { $s }
searches-weeks = Недель: { $shown }
searches-nothing = ничего: { $shown }
searches-loosened = только похожее: { $shown }
searches-catalogue = Каталогизировать
searches-again = Искать снова
searches-dismiss = Убрать
statistics = Статистика
statistics-all = Все
statistics-others = Прочие
statistics-unknown = неизвестно
statistics-weeks = Недели
statistics-by = По
statistics-records = Записи
statistics-done = Записи по каталогизаторам и неделям
statistics-done-about = Запись засчитывается тому, кто опубликовал её последнюю версию.
statistics-done-sum = Записей за эти недели: { $shown }
statistics-backlog = Что ждёт
statistics-backlog-sum = Черновиков: { $shown }
statistics-coverage = Что есть в записях
statistics-coverage-sum = Записей: { $shown }
age-week = до недели
age-month = до месяца
age-quarter = до трёх месяцев
age-older = старше
age-oldest = Старейший
part-creator = Автор
part-summary = Аннотация
part-cover = Обложка
part-file = Файл
lists-none = Открытых списков пока нет.
lists-own = Ваши списки
lists-own-none = У вас пока нет списков.
lists-sign-in = Войдите, чтобы составлять свои списки.
list-new = Новый список
list-items = позиций: { $shown }
list-empty = Список пока пуст: откройте запись и выберите «Добавить в список».
list-add = Добавить в список
list-which = Список
list-note = Заметка
list-edit = Править список
list-description = Описание
list-shared = Кто видит
shared-private = только вы
shared-link = кто знает адрес
shared-public = все
list-order = Порядок и заметки
list-up = Выше
list-down = Ниже
list-off = Убрать
list-picture = Картинка (пусто — без неё)
list-remove = Удалить список
list-remove-sure = Да, удалить список
list-item-gone = Того, что здесь было, больше нет в библиотеке.
list-item-hidden = Это вам недоступно: войдите или спросите библиотекаря.
list-export = Файлом:
# One record at a time: headings, files, templates, review, times.
headings-look-up = Найти заголовки
headings-in-use = Уже есть в каталоге
heading-as-typed = как набрано
headings-none = Таких заголовков ещё нет.
headings-offered = Предложено заголовков: { $n }
files-add = Добавить файлы
file-remove = Убрать
cover-hint = PNG, JPEG, WebP или GIF. До 40 кБ видна и в результатах поиска.
cover-of = Обложка «{ $s }»
file-too-large = «{ $name }» больше { $limit } МБ: уменьшите его или попросите оператора увеличить attachment_limit_mb
file-no-picture = «{ $s }» — не изображение, которое можно показать: выберите PNG, JPEG, WebP или GIF
templates-own = Свои шаблоны
template-save = Сохранить как шаблон
template-name = Название шаблона
template-share = Для всех каталогизаторов этого каталога
template-saved = Сохранено как шаблон «{ $s }».
template-needs-name = дайте шаблону название
template-shared = для всех
undo-publication = Отменить эту публикацию
withdrawn-record = Эта запись отозвана
withdrawn-kindly = Вы ничего не сделали не так: запись была здесь и отозвана навсегда. От неё осталось только то, что написано ниже.
withdrawn-when = Когда
withdrawn-by = Решение
review = Ждут проверки
review-about = Сданные черновики, сначала самые давние.
review-none = Никто не ждёт.
review-who = Кто ждёт
review-since = С каких пор
review-count = Черновиков ждёт проверки: { $shown }
returned-count = возвращено вам: { $shown }
ago-now = только что
ago-minutes = { $n ->
    [one] { $n } минуту назад
    [few] { $n } минуты назад
   *[other] { $n } минут назад
}
ago-hours = { $n ->
    [one] { $n } час назад
    [few] { $n } часа назад
   *[other] { $n } часов назад
}
ago-days = { $n ->
    [one] { $n } день назад
    [few] { $n } дня назад
   *[other] { $n } дней назад
}
date-long = { $day } { $name ->
   *[m1] января
    [m2] февраля
    [m3] марта
    [m4] апреля
    [m5] мая
    [m6] июня
    [m7] июля
    [m8] августа
    [m9] сентября
    [m10] октября
    [m11] ноября
    [m12] декабря
} { $year }

# Following other nodes
followed-from = Получено с { $s }; правится там.
followed-read-only = Эта запись принадлежит другому узлу. Здесь её можно читать, а править — там.
file-elsewhere = на { $s }, сюда не скопировано
job-follow = Получение
follow-title = Узлы, за которыми следим
follow-about = Каталоги других узлов показаны здесь и участвуют в поиске, а правятся там. Всё проверяется ключом другого узла.
follow-compare = Это тот узел?
follow-node = Узел
follow-address = Адрес
follow-address-hint = Адрес узла, например http://hill.internal, или статических файлов ленты.
follow-folder = Или папка, флешка
follow-bad-address = Укажите адрес, начинающийся с http:// или https://, или выберите папку.
follow-look = Посмотреть
follow-new = Следить за другим узлом
follow-begin = Следить
follow-key = Ключ
follow-key-hint = Сравните этот ключ с тем, что на странице «Этот узел» там, или спросите по телефону. Это нужно лишь один раз.
follow-known = Ключ этого узла здесь известен.
follow-entries = Записей
follow-every = Запрашивать сам
follow-files = Файлы записей
follow-files-all = Обложки и файлы
follow-files-covers = Обложки
follow-files-none = Ничего
follow-mb = Не больше стольких мегабайт каждый; 0 — без предела
follow-failed = Последняя попытка не удалась:
follow-reached = Последняя связь
follow-missing = Файлы, которые не удалось получить
follow-now = Запросить сейчас
follow-again = Запросить недостающее
follow-sure = Убрать её собрания из здешней библиотеки
follow-end = Больше не следить
nodes-about = Узлы, за которыми следит этот, с их собственным описанием.
nodes-own = Этот узел
nodes-none = Ни за одним узлом не следим.
found-in-file = Найдено в файле { $s }
