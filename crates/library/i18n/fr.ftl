nav-desk = Espace bibliothécaire
home-documents = { $n ->
    [one] { $shown } document, en une seule recherche
   *[other] { $shown } documents, tous en une seule recherche
    }
home-help = Comment rechercher et lire
collections = Collections
collection = Collection
all-collections = Toutes les collections ({ $shown })
no-collections = Il n’y a encore rien ici. Un bibliothécaire peut ajouter la première collection.
documents = { $n ->
    [one] { $shown } document
   *[other] { $shown } documents
    }
documents-column = Documents
state-new = en cours d’ajout
search-here = Rechercher dans cette collection
open-main-page = Ouvrir la page principale
contents = Sommaire
desk-manage = Gérer cette collection
search-results = Résultats de la recherche
search-empty = Saisissez un ou plusieurs mots. Les mots entre guillemets sont recherchés comme une expression ; un signe moins exclut un mot.
search-partial = Cette recherche a pris trop de temps et a été interrompue : voici ce qui a été trouvé jusque-là. Avec plus de mots, elle sera plus rapide.
search-corrected = Rien n’a été trouvé tel que vous l’avez saisi. Voici les résultats pour :
did-you-mean = Vouliez-vous dire :
search-some = Tous les mots n’ont pas été trouvés ensemble : les résultats qui en contiennent le plus viennent en premier.
search-none = Aucun résultat pour « { $s } ».
search-none-tips = Essayez d’autres mots ou moins de mots, ou parcourez le sommaire d’une collection.
search-without = Rechercher sans : { $s }
results = { $n ->
    [one] { $shown } résultat
   *[other] { $shown } résultats
    }
results-over = Plus de { $shown } résultats
sort = Tri
sort-relevance = les meilleurs d’abord
sort-newest = les plus récents d’abord
sort-title = par titre
narrow = Affiner la recherche
facet-collection = Collection
facet-kind = Type
facet-language = Langue
facet-year = Année
facet-subject = Sujet
kind-article = Article
kind-book = Livre
kind-record = Notice
kind-image = Image
kind-audio = Son
kind-video = Vidéo
kind-document = Document
kind-map = Carte
kind-music = Musique
kind-periodical = Périodique
kind-thesis = Thèse
kind-other = Autre
article = Article
reader-view = Mode lecture
about-this = À propos de ce document
original = Ouvrir l’original
download = Télécharger
read = Lire
read-text = Lire en texte seul
cite = Citer
row-authors = Auteurs
row-year = Année
row-publisher = Éditeur
row-place = Lieu
row-edition = Édition
row-extent = Étendue
row-series = Collection éditoriale
row-container = Dans
row-language = Langue
row-subjects = Sujets
row-identifiers = Identifiants
row-kind = Type
row-format = Format
row-size = Taille
row-other-titles = Autres titres
row-notes = Notes
row-responsibility = Mention de responsabilité
row-original = Notice d’origine
missing-title = Cette page n’est pas dans la collection
missing-text = L’archive a été créée sans elle. Une autre collection de cette bibliothèque la contient peut-être.
missing-search = La rechercher dans la bibliothèque
elsewhere-title = Ce lien mène vers Internet
elsewhere-text = La page n’est pas dans cette bibliothèque. Si vous avez accès à Internet, vous pouvez l’ouvrir ici :
elsewhere-search = Rechercher plutôt dans la bibliothèque
import-new = Ajouter une collection
import-upload = Depuis cet appareil
import-upload-explained = Une archive ZIM, un fichier de notices de catalogue (MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV, JSON Lines) ou un nombre quelconque de documents (HTML, texte, Markdown, PDF, EPUB, fichiers bureautiques, images).
import-folder = Depuis le disque de ce nœud
import-folder-explained = L’opérateur dépose ici les grandes archives et les dossiers :
import-folder-empty = Le dossier est vide.
import-what = Quoi
import-how = Comment
import-in-place = Laisser sur place (ne doit plus être déplacé)
import-copy = Copier dans la bibliothèque
import-start = Ajouter
title = Titre
title-optional = Si ce champ est vide, le titre de la source est repris.
mapping = Colonnes (pour CSV et JSON Lines)
mapping-hint = Généralement devinées. Sinon : title=Nom de colonne, author=Nom de colonne, …
files = Fichiers
description = Description
describe = Décrire
languages = Langues
languages-hint = Codes de langue, par exemple en, ko
cover = Image de couverture
visibility = Qui peut la voir
visible-all = Tout le monde
visible-signed-in = Toute personne connectée
visible-group = Groupe : { $s }
visible-group-short = Un groupe
size = Taille
index = index
health = État
healthy = vérifiée, intacte
content-lies = Emplacement du contenu
do-update = Chercher les changements
do-check = Vérifier
do-reindex = Reconstruire l’index
do-cancel = Annuler
do-retry = Réessayer
errors = Ce qui n’a pas pu être ajouté
failed-items = { $n ->
    [one] { $shown } problème
   *[other] { $shown } problèmes
    }
remove-explained = La collection et son index quittent la bibliothèque. Le contenu qui se trouve ailleurs sur le disque reste en place.
remove-sure = Oui, la supprimer
remove-collection = Supprimer la collection
job-import = Ajout
job-check = Vérification
job-queued = en attente
job-running = en cours
job-done = terminé
job-failed = échec
job-cancelled = annulé
job-progress = éléments : { $items }
job-progress-of = éléments : { $items } sur { $total }
job-rate = { $rate } par seconde
job-left = encore { $left } environ
opensearch-description = La bibliothèque de ce nœud
export-all = Enregistrer ces résultats en
export-first = Enregistrer les { $shown } premiers résultats en
import-harvest = D’une autre bibliothèque
import-harvest-explained = Un dépôt qui parle OAI-PMH donne ses notices à d’autres. Elles viennent page après page et peuvent déjà être cherchées. Plus tard, chercher les changements apporte ce qui est nouveau.
harvest-url = Adresse du dépôt
harvest-set = Ensemble (set)
harvest-set-hint = Cette partie du dépôt seulement ; vide pour tout.
harvest-prefix = Format
job-harvest = Moissonnage
nav-catalogue = Catalogue
changes = Ce qui a changé
changes-about = Les notices les plus récentes des catalogues de cette bibliothèque et celles qui ont été retirées : qui, quand et pourquoi.
changes-none = Rien n’a encore été publié.
changes-check = Vérifiez vous-même
changes-check-about = Chaque publication et chaque retrait est une entrée d’un journal signé qui ne peut que grandir. Chacun peut copier ses fichiers et les vérifier avec la clé.
feed-origin = Journal
feed-address = Adresse
feed-key = Clé
change-new = nouveau
change-newer = nouvelle version
withdrawn = Retiré
catalogue-none = Il n’y a pas encore de catalogue.
catalogue-new = Commencer un catalogue
drafts-mine = Mes brouillons
drafts-none = Aucun.
drafts-submitted = Remis, à décider
draft-writing = en cours
draft-submitted = remis
draft-returned = rendu
draft-comment = Ce qui reste à faire
record-new = Nouvelle notice
record-edit = Modifier la notice
record-shown = Vue des lecteurs
record-state = État
record-changed = Publiée
records-none = Aucune notice ici ; il peut y en avoir à la page suivante.
state-live = publiée
title-begins = Le titre commence par
catalogued-by = Cataloguée par
sort-changed = les plus récentes d’abord
form-dc = Formulaire simple (Dublin Core)
form-marc = Lignes de MARC 21
template-book = Livre
template-serial = Revue ou collection
template-article = Article
template-thesis = Thèse
template-map = Carte
template-music = Enregistrement musical
template-score = Partition
template-video = Vidéo
template-website = Site web
template-archive-item = Pièce d’archives
element = Élément
value = Valeur
role-of-name = Rôle
more-rows = Plus de lignes
marc-lines = Lignes
marc-lines-hint = Un champ par ligne : =245 10$aTitre. La barre oblique inverse est un blanc.
cataloguers-note = Note pour les catalogueurs
why-changed = Pourquoi (visible de tous)
problems = À regarder
publish-anyway = Publier tel quel
publish = Publier
check-record = Vérifier seulement
save-draft = Garder en brouillon
submit-draft = Remettre
discard-draft = Jeter
return-draft = Rendre
history = Historique
restore = Reprendre cette version
restored-from = de nouveau la version { $s }
withdraw = Retirer
withdraw-explained = Toutes les versions de la notice sont effacées pour toujours, ici et sur chaque nœud qui en a une copie. Qu’elle ait existé, et pourquoi elle est partie, reste sur la page des changements.
withdraw-note = Explication (reste pour toujours ; ne nommez personne)
withdraw-sure = Oui, la retirer pour toujours
reason = Motif
reason-copyright = droit d’autrui
reason-privacy = vie privée
reason-error = publiée par erreur
reason-duplicate = en double
reason-legal = un tribunal ou une autorité
reason-harmful = elle nuirait à quelqu’un
reason-owner = souhait de son auteur
reason-other = autre
conflict = Quelqu’un a été plus rapide
conflict-explained = Pendant que vous écriviez, { $s } a publié une version plus récente. Rien de vous n’est perdu : regardez les différences, choisissez et publiez.
conflict-theirs = Ce qui y a changé
conflict-drop = Abandonner mes changements
side-mine = La mienne
side-theirs = La leur
side-both = Les deux
side-removed = supprimé
publish-merged = Publier la notice fusionnée
base-undecoded = caractères illisibles : { $count } ; la notice est gardée telle quelle, mais une modification les remplace par “�” : retapez-les
base-unimarc = la notice est en UNIMARC : elle est gardée et montrée, mais les règles de MARC 21 ne sont pas vérifiées
dc-date = “{ $value }” n’est pas une date comme 1999, 1999-05 ou 1999-05-31 : écrivez-la ainsi, ou donnez-la en note
dc-empty = { $field } est vide : remplissez ou supprimez
dc-identifier = “{ $value }” n’est pas un { $scheme } : vérifiez chaque chiffre, ou donnez-le sans type
dc-language = “{ $value }” n’est pas une langue connue ici : donnez une étiquette comme en, pt-BR ou gez
dc-no-creator = aucun créateur ni contributeur : ajoutez qui l’a fait, si on le sait
dc-no-title = il manque un titre : donnez celui du document, ou le vôtre entre crochets
dc-qualifier = “{ $value }” ne va pas avec { $field } : choisissez un autre qualificatif
dc-role = “{ $value }” n’est ni un rôle de trois lettres ni un mot : choisissez dans la liste
dc-second-title = un second titre sans qualificatif : marquez-le comme autre titre
dc-twice = “{ $value }” est donné deux fois : supprimez-en un
dc-url = “{ $value }” n’est pas une adresse : donnez-la entière, avec https://
fixed-length = { $field } a { $found } caractères, il en faut { $wanted } : ajoutez ou ôtez à la fin
fixed-position = { $field }, position { $position } : “{ $found }” n’est pas défini ; sont définis { $wanted }
fixed-date = 008, position { $position } : “{ $found }” n’est pas une date : quatre chiffres, u pour les inconnus, ou des blancs
fixed-language = “{ $found }” n’est pas un code de langue MARC : trois lettres comme eng
fixed-missing = { $field } manque : commencez par un modèle, qui l’a
line-bad-escape = ligne { $line } : “{ $found }” entre accolades est inconnu : écrivez {"{lcub}"} pour une accolade
line-bad-tag = ligne { $line } : “{ $found }” n’est pas une étiquette : écrivez = et trois chiffres, puis un blanc
line-indicators = ligne { $line } : “{ $found }” demande deux indicateurs avant le premier $ : écrivez \ pour un blanc
line-leader-length = ligne { $line } : le guide a { $found } caractères, il en faut 24 : écrivez \ pour chaque blanc
line-no-blank = ligne { $line } : il manque un blanc entre étiquette et contenu, avant “{ $found }”
line-no-code = ligne { $line } : un $ sans lettre ni chiffre après lui : ajoutez-en un, ou écrivez {"{dollar}"} pour le signe dollar
line-no-subfield = ligne { $line } : la zone n’a pas de sous-zone : ajoutez $a et le texte
line-no-tag = ligne { $line } : “{ $found }” ne commence pas par une étiquette : écrivez = et une étiquette, ou joignez à la ligne du dessus
line-nothing = il n’y a pas de lignes : écrivez au moins =245 00$a et un titre
line-second-leader = ligne { $line } : un second guide : supprimez-le
line-too-much = le texte a plus de { $limit } zones ou octets : divisez la notice
marc-check-digit = { $field } ${ $subfield } : la clé de contrôle de “{ $value }” est fausse : corrigez, ou passez en $z
marc-control-in-data = { $field } ${ $subfield } contient un caractère de commande : supprimez-le
marc-empty-subfield = { $field } ${ $subfield } est vide : remplissez ou supprimez
marc-field-length = { $field } a { $found } octets, ISO 2709 en permet 9999 : raccourcissez ou divisez
marc-indicator = { $field } : l’indicateur { $number } est “{ $found }” ; sont définis { $wanted }
marc-irregular = { $field } n’a pas deux indicateurs et des sous-zones : écrivez comme =245 10$aTitre
marc-no-245 = il manque 245, le titre : ajoutez =245 00$a et le titre
marc-no-title = 245 n’a pas de titre en $a : ajoutez-le
marc-no-subfields = { $field } n’a pas de sous-zones : ajoutez $a et le texte
marc-order = 008 ou d’autres zones de contrôle suivent des zones de données : mettez-les devant
marc-record-length = la notice a { $found } octets, ISO 2709 en permet 99999 : raccourcissez ou divisez
marc-repeated-field = { $field } ({ $name }) figure { $found } fois, il n’en faut qu’une : supprimez ou joignez
marc-repeated-main = la notice a { $found } vedettes principales (1XX), il n’en faut qu’une : passez les autres en 7XX
marc-repeated-subfield = { $field } ${ $subfield } ({ $name }) ne figure qu’une fois : joignez, ou répétez la zone
marc-subfield-code = { $field } : “{ $subfield }” n’est pas un code de sous-zone : une minuscule ou un chiffre
marc-terminator = { $field } contient un octet qui termine zones ou notices : supprimez-le
marc-unknown-field = { $field } n’est pas une zone de MARC 21 connue ici : vérifiez l’étiquette
marc-unknown-subfield = { $field } n’a pas de sous-zone ${ $subfield } : vérifiez le code
marc-url = { $field } ${ $subfield } : “{ $value }” n’est pas une adresse : donnez-la entière, avec https://
marc-date-differs = l’année de 008 ({ $found }) n’est pas celle de l’édition ({ $wanted }) : corrigez l’une d’elles
# One record at a time: headings, files, templates, review, times.
headings-look-up = Chercher les vedettes
headings-in-use = Vedettes en usage
heading-as-typed = tel quel
headings-none = Aucune vedette ne commence ainsi.
headings-offered = Vedettes proposées : { $n }
files-add = Ajouter des fichiers
file-remove = Retirer
cover-hint = PNG, JPEG, WebP ou GIF. Jusqu’à 40 ko, elle paraît aussi dans les résultats.
cover-of = Couverture de « { $s } »
file-too-large = « { $name } » dépasse { $limit } Mo : réduisez-le, ou demandez à l’opérateur d’augmenter attachment_limit_mb
file-no-picture = « { $s } » n’est pas une image affichable : choisissez un fichier PNG, JPEG, WebP ou GIF
templates-own = Modèles à vous
template-save = Enregistrer comme modèle
template-name = Nom du modèle
template-share = Pour tous les catalogueurs de ce catalogue
template-saved = Enregistré comme modèle « { $s } ».
template-needs-name = donnez un nom au modèle
template-shared = pour tous
undo-publication = Annuler cette publication
withdrawn-record = Cette notice a été retirée
withdrawn-kindly = Vous n’avez rien fait de mal : elle était ici et a été retirée pour de bon. Il n’en reste que ce qui suit.
withdrawn-when = Quand
withdrawn-by = Décidé par
review = En attente de relecture
review-about = Brouillons remis, les plus anciens d’abord.
review-none = Personne n’attend.
review-who = Qui attend
review-since = Depuis
review-count = Brouillons en attente de relecture : { $shown }
returned-count = rendus à vous : { $shown }
ago-now = à l’instant
ago-minutes = { $n ->
    [one] il y a une minute
   *[other] il y a { $n } minutes
}
ago-hours = { $n ->
    [one] il y a une heure
   *[other] il y a { $n } heures
}
ago-days = { $n ->
    [one] hier
   *[other] il y a { $n } jours
}
date-long = { $day } { $name ->
   *[m1] janvier
    [m2] février
    [m3] mars
    [m4] avril
    [m5] mai
    [m6] juin
    [m7] juillet
    [m8] août
    [m9] septembre
    [m10] octobre
    [m11] novembre
    [m12] décembre
} { $year }
