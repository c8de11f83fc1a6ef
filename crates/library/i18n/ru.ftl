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
