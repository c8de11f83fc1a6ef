nav-desk = Escritorio bibliotecario
home-documents = { $n ->
    [one] Un documento, con búsqueda conjunta
   *[other] { $shown } documentos, todos en una sola búsqueda
    }
home-help = Cómo buscar y leer
collections = Colecciones
collection = Colección
all-collections = Todas las colecciones ({ $shown })
no-collections = Aquí no hay nada todavía. Un bibliotecario puede añadir la primera colección.
documents = { $n ->
    [one] un documento
   *[other] { $shown } documentos
    }
documents-column = Documentos
state-new = añadiéndose
search-here = Buscar en esta colección
open-main-page = Abrir la página principal
contents = Índice
desk-manage = Gestionar esta colección
search-results = Resultados de la búsqueda
search-empty = Escriba una o más palabras. Las palabras entre comillas se buscan como frase; un signo menos excluye una palabra.
search-partial = La búsqueda tardó demasiado y se detuvo: esto es lo encontrado hasta ese momento. Con más palabras será más rápida.
search-corrected = No se encontró nada tal como lo escribió. Estos son los resultados de:
did-you-mean = Quizás quiso decir:
search-some = No se encontraron todas las palabras juntas: primero aparecen los resultados que contienen más de ellas.
search-none = No se encontró nada para «{ $s }».
search-none-tips = Pruebe con otras palabras o con menos, o recorra el índice de una colección.
search-without = Buscar sin: { $s }
results = { $n ->
    [one] Un resultado
   *[other] { $shown } resultados
    }
results-over = Más de { $shown } resultados
sort = Orden
sort-relevance = mejores primero
sort-newest = más recientes primero
sort-title = por título
narrow = Acotar la búsqueda
facet-collection = Colección
facet-kind = Tipo
facet-language = Idioma
facet-year = Año
facet-subject = Materia
kind-article = Artículo
kind-book = Libro
kind-record = Registro
kind-image = Imagen
kind-audio = Audio
kind-video = Vídeo
kind-document = Documento
kind-map = Mapa
kind-music = Música
kind-periodical = Publicación periódica
kind-thesis = Tesis
kind-other = Otros
article = Artículo
reader-view = Vista de lectura
about-this = Acerca de este documento
original = Abrir el original
download = Descargar
read = Leer
read-text = Leer como texto
cite = Citar
row-authors = Autores
row-year = Año
row-publisher = Editorial
row-place = Lugar
row-edition = Edición
row-extent = Extensión
row-series = Serie
row-container = En
row-language = Idioma
row-subjects = Materias
row-identifiers = Identificadores
row-kind = Tipo
row-format = Formato
row-size = Tamaño
row-other-titles = Otros títulos
row-notes = Notas
row-responsibility = Mención de responsabilidad
row-original = Registro original
missing-title = Esta página no está en la colección
missing-text = El archivo se creó sin ella. Quizás la tenga otra colección de esta biblioteca.
missing-search = Buscarla en la biblioteca
elsewhere-title = Este enlace lleva a Internet
elsewhere-text = La página no está en esta biblioteca. Si tiene acceso a Internet, puede abrirla aquí:
elsewhere-search = Buscar en la biblioteca
import-new = Añadir una colección
import-upload = Desde este dispositivo
import-upload-explained = Un archivo ZIM, un fichero de registros de catálogo (MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV, JSON Lines) o cualquier número de documentos (HTML, texto, Markdown, PDF, EPUB, documentos de oficina, imágenes).
import-folder = Desde el disco de este nodo
import-folder-explained = El operador coloca aquí los archivos grandes y las carpetas:
import-folder-empty = La carpeta está vacía.
import-what = Qué
import-how = Cómo
import-in-place = Dejar donde está (debe permanecer allí)
import-copy = Copiar a la biblioteca
import-start = Añadir
title = Título
title-optional = Si se deja vacío, se toma el título del propio origen.
mapping = Columnas (para CSV y JSON Lines)
mapping-hint = Normalmente se detectan solas. Si no: title=Nombre de columna, author=Nombre de columna, …
files = Archivos
description = Descripción
describe = Describir
languages = Idiomas
languages-hint = Códigos de idioma, por ejemplo en, ko
cover = Imagen de cubierta
visibility = Quién puede verla
visible-all = Todo el mundo
visible-signed-in = Quien haya iniciado sesión
visible-group = Grupo: { $s }
visible-group-short = Un grupo
size = Tamaño
index = índice
health = Estado
healthy = comprobada, íntegra
content-lies = Ubicación del contenido
do-update = Buscar cambios
do-check = Comprobar
do-reindex = Reconstruir el índice
do-cancel = Cancelar
do-retry = Reintentar
errors = Lo que no se pudo añadir
failed-items = { $n ->
    [one] un problema
   *[other] { $shown } problemas
    }
remove-explained = La colección y su índice desaparecen de la biblioteca. El contenido que está en otro lugar del disco se conserva.
remove-sure = Sí, quitarla
remove-collection = Quitar la colección
job-import = Incorporación
job-check = Comprobación
job-queued = en espera
job-running = en curso
job-done = terminado
job-failed = con error
job-cancelled = cancelado
job-progress = elementos: { $items }
job-progress-of = elementos: { $items } de { $total }
job-rate = { $rate } por segundo
job-left = quedan unos { $left }
opensearch-description = La biblioteca de este nodo
export-all = Guardar estos resultados como
export-first = Guardar los primeros { $shown } resultados como
import-harvest = De otra biblioteca
import-harvest-explained = Un repositorio con OAI-PMH da sus registros a otros. Se traen página por página y mientras tanto ya se pueden buscar. Más tarde, buscar cambios trae lo nuevo.
harvest-url = Dirección del repositorio
harvest-set = Conjunto (set)
harvest-set-hint = Solo esta parte del repositorio; vacío para todo.
harvest-prefix = Formato
job-harvest = Recolección
nav-catalogue = Catálogo
changes = Qué cambió
changes-about = Los registros más nuevos de los catálogos propios de esta biblioteca y los retirados: quién, cuándo y por qué.
changes-none = Todavía no se ha publicado nada.
changes-check = Compruébelo usted
changes-check-about = Cada publicación y cada retirada es una entrada en un diario firmado que solo puede crecer. Cualquiera puede copiar sus archivos y comprobarlos con la clave.
feed-origin = Diario
feed-address = Dirección
feed-key = Clave
change-new = nuevo
change-newer = versión nueva
withdrawn = Retirado
catalogue-none = Todavía no hay catálogos.
catalogue-new = Empezar un catálogo
drafts-mine = Mis borradores
drafts-none = Ninguno.
drafts-submitted = Entregados, por decidir
draft-writing = en redacción
draft-submitted = entregado
draft-returned = devuelto
draft-comment = Lo que falta por hacer
record-new = Registro nuevo
record-edit = Editar registro
record-shown = Como lo ven los lectores
record-state = Estado
record-changed = Publicado
records-none = Aquí no hay registros; puede haber más en la página siguiente.
state-live = publicado
title-begins = El título empieza por
catalogued-by = Catalogado por
sort-changed = los más nuevos primero
form-dc = Formulario sencillo (Dublin Core)
form-marc = Líneas de MARC 21
template-book = Libro
template-serial = Revista o serie
template-article = Artículo
template-thesis = Tesis
template-map = Mapa
template-music = Grabación musical
template-score = Partitura
template-video = Vídeo
template-website = Sitio web
template-archive-item = Documento de archivo
element = Elemento
value = Valor
role-of-name = Función
more-rows = Más filas
marc-lines = Líneas
marc-lines-hint = Un campo por línea: =245 10$aTítulo. La barra inversa es un blanco.
cataloguers-note = Nota para catalogadores
why-changed = Por qué (visible para todos)
problems = Revise esto
publish-anyway = Publicarlo tal como está
publish = Publicar
check-record = Solo comprobar
save-draft = Guardar borrador
submit-draft = Entregar
discard-draft = Descartar
return-draft = Devolver
history = Historia
restore = Recuperar esta versión
restored-from = versión { $s } de nuevo
withdraw = Retirar
withdraw-explained = Todas las versiones del registro se borran para siempre, aquí y en cada nodo que tenga copia. Que existió y por qué se retiró queda en la página de cambios.
withdraw-note = Explicación (queda para siempre; no nombre a nadie)
withdraw-sure = Sí, retirarlo para siempre
reason = Motivo
reason-copyright = derecho ajeno
reason-privacy = intimidad
reason-error = publicado por error
reason-duplicate = está dos veces
reason-legal = un tribunal o autoridad
reason-harmful = dañaría a alguien
reason-owner = deseo de su autor
reason-other = otro
conflict = Alguien fue más rápido
conflict-explained = Mientras escribía, { $s } publicó una versión más nueva. Nada suyo se ha perdido: mire las diferencias, elija y publique.
conflict-theirs = Qué cambió allí
conflict-drop = Abandonar mis cambios
side-mine = Lo mío
side-theirs = Lo suyo
side-both = Ambos
side-removed = quitado
publish-merged = Publicar el registro combinado
base-undecoded = caracteres que no se pudieron leer: { $count }; el registro se guarda como llegó, pero al editar se vuelven “�”: escríbalos de nuevo
base-unimarc = el registro está en UNIMARC: se guarda y se muestra, pero no se comprueban las reglas de MARC 21
dc-date = “{ $value }” no es una fecha como 1999, 1999-05 o 1999-05-31: escríbala así, o póngala en una nota
dc-empty = { $field } está vacío: rellénelo o quítelo
dc-identifier = “{ $value }” no es un { $scheme }: revise cada cifra, o póngalo como identificador sin esquema
dc-language = “{ $value }” no es una lengua conocida aquí: ponga una etiqueta como en, pt-BR o gez
dc-no-creator = nadie figura como creador o colaborador: añada quién lo hizo, si se sabe
dc-no-title = falta el título: ponga el que lleva la obra, o uno suyo entre corchetes
dc-qualifier = “{ $value }” no va con { $field }: elija otro calificador
dc-role = “{ $value }” no es una función de tres letras ni una palabra: elija de la lista
dc-second-title = un segundo título sin calificador: márquelo como alternativo
dc-twice = “{ $value }” está dos veces: quite uno
dc-url = “{ $value }” no es una dirección: póngala entera, con https://
fixed-length = { $field } tiene { $found } caracteres y necesita { $wanted }: añada o quite al final
fixed-position = { $field }, posición { $position }: “{ $found }” no está definido; lo están { $wanted }
fixed-date = 008, posición { $position }: “{ $found }” no es una fecha: cuatro cifras, u para las desconocidas, o blancos
fixed-language = “{ $found }” no es un código de lengua de MARC: tres letras como eng
fixed-missing = falta { $field }: empiece con una plantilla, que lo tiene
line-bad-escape = línea { $line }: “{ $found }” entre llaves no se conoce: escriba {"{lcub}"} para una llave
line-bad-tag = línea { $line }: “{ $found }” no es una etiqueta: escriba = y tres cifras, luego un blanco
line-indicators = línea { $line }: “{ $found }” necesita dos indicadores antes del primer $: escriba \ para un blanco
line-leader-length = línea { $line }: la cabecera tiene { $found } caracteres y necesita 24: escriba \ por cada blanco
line-no-blank = línea { $line }: falta un blanco entre etiqueta y contenido, antes de “{ $found }”
line-no-code = línea { $line }: un $ sin letra ni cifra detrás: añádala, o escriba {"{dollar}"} para el signo de dólar
line-no-subfield = línea { $line }: el campo no tiene subcampos: añada $a y el texto
line-no-tag = línea { $line }: “{ $found }” no empieza por una etiqueta: escriba = y una etiqueta, o únalo a la línea de arriba
line-nothing = no hay líneas: escriba al menos =245 00$a y un título
line-second-leader = línea { $line }: una segunda cabecera: quítela
line-too-much = el texto pasa de { $limit } campos o bytes: divida el registro
marc-check-digit = { $field } ${ $subfield }: la cifra de control de “{ $value }” es errónea: corríjala o pásela a $z
marc-control-in-data = { $field } ${ $subfield } contiene un carácter de control: quítelo
marc-empty-subfield = { $field } ${ $subfield } está vacío: rellénelo o quítelo
marc-field-length = { $field } tiene { $found } bytes, ISO 2709 admite 9999: acórtelo o divídalo
marc-indicator = { $field }: el indicador { $number } es “{ $found }”; están definidos { $wanted }
marc-irregular = { $field } no tiene dos indicadores y subcampos: escríbalo como =245 10$aTítulo
marc-no-245 = falta 245, el título: añada =245 00$a y el título
marc-no-title = 245 no tiene título en $a: añádalo
marc-no-subfields = { $field } no tiene subcampos: añada $a y el texto
marc-order = 008 u otros campos de control van detrás de campos de datos: póngalos primero
marc-record-length = el registro tiene { $found } bytes, ISO 2709 admite 99999: acórtelo o divídalo
marc-repeated-field = { $field } ({ $name }) aparece { $found } veces; solo puede haber uno: quite o una los demás
marc-repeated-main = hay { $found } asientos principales (1XX); solo puede haber uno: pase los demás a 7XX
marc-repeated-subfield = { $field } ${ $subfield } ({ $name }) va una sola vez: únalos, o repita el campo
marc-subfield-code = { $field }: “{ $subfield }” no es un código de subcampo: use una minúscula o una cifra
marc-terminator = { $field } contiene un byte que termina campos o registros: quítelo
marc-unknown-field = { $field } no es un campo de MARC 21 conocido aquí: revise la etiqueta
marc-unknown-subfield = { $field } no tiene subcampo ${ $subfield }: revise el código
marc-url = { $field } ${ $subfield }: “{ $value }” no es una dirección: póngala entera, con https://
marc-date-differs = el año de 008 ({ $found }) no es el de la publicación ({ $wanted }): corrija uno
# One record at a time: headings, files, templates, review, times.
headings-look-up = Buscar encabezamientos
headings-in-use = Encabezamientos en uso
heading-as-typed = tal como está
headings-none = Ningún encabezamiento empieza así.
headings-offered = Encabezamientos ofrecidos: { $n }
files-add = Añadir archivos
file-remove = Quitar
cover-hint = PNG, JPEG, WebP o GIF. Hasta 40 kB se muestra también en los resultados.
cover-of = Cubierta de «{ $s }»
file-too-large = «{ $name }» supera { $limit } MB: redúzcalo o pida al operador que suba attachment_limit_mb
file-no-picture = «{ $s }» no es una imagen que se pueda mostrar: elija un archivo PNG, JPEG, WebP o GIF
templates-own = Plantillas propias
template-save = Guardar como plantilla
template-name = Nombre de la plantilla
template-share = Para todos los catalogadores de este catálogo
template-saved = Guardado como plantilla «{ $s }».
template-needs-name = dé un nombre a la plantilla
template-shared = para todos
undo-publication = Deshacer esta publicación
withdrawn-record = Este registro fue retirado
withdrawn-kindly = No ha hecho nada mal: estaba aquí y se retiró para siempre. De él solo queda lo que sigue.
withdrawn-when = Cuándo
withdrawn-by = Decidido por
review = En espera de revisión
review-about = Borradores entregados, primero los más antiguos.
review-none = Nadie espera.
review-who = Quién espera
review-since = Desde
review-count = Borradores en espera de revisión: { $shown }
returned-count = devueltos a usted: { $shown }
ago-now = ahora mismo
ago-minutes = { $n ->
    [one] hace un minuto
   *[other] hace { $n } minutos
}
ago-hours = { $n ->
    [one] hace una hora
   *[other] hace { $n } horas
}
ago-days = { $n ->
    [one] ayer
   *[other] hace { $n } días
}
date-long = { $day } de { $name ->
   *[m1] enero
    [m2] febrero
    [m3] marzo
    [m4] abril
    [m5] mayo
    [m6] junio
    [m7] julio
    [m8] agosto
    [m9] septiembre
    [m10] octubre
    [m11] noviembre
    [m12] diciembre
} de { $year }
