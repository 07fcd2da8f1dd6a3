#!/usr/bin/env bash
# One run of each shipped job on the shipped texts and tables, printed to the standard output. Needs a built mrun:
# samples/quickstart.sh builds one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mrun=${MRUN:-../build/release/bin/mrun}

# show TITLE mrun-arguments...: the first lines of a job's output.
show() {
  echo "== $1"
  shift
  echo "   mrun $*"
  "$mrun" "$@" -q | sed -n '1,5p'
}

show "words in lower case, letters and digits only" wordcount texts/*.txt - -D lower -D letters
show "lines about whales, with file and line number" grep texts - -D pattern=whale -D name -D line
show "how many such lines in each file" grep texts - -D pattern=whale -D count -D name
show "which files hold each word, and how often" index texts/*.txt - -D letters
show "lines in byte order" sort texts/genesis.txt -
show "lines by their third to sixth byte" sort texts/genesis.txt - -D bytes=3-6
show "orders by customer, the largest first" sort tables/orders.csv - --skip-header \
  -D separator=, -D key=2,2n -D key=4,4nr
show "each proverb once, with its number" distinct texts/proverbaro.txt - -D count
show "orders, amounts and means by city" sum tables/orders.csv - -D format=csv -D header -D by=city -D count -D sum=amount -D mean=amount
show "the two largest orders" top tables/orders.csv - -D format=csv -D header -D field=amount -D k=2
show "orders with their customers" join left=tables/orders.csv right=tables/customers.csv - -D format=csv -D header -D field=customer -D right-field=id
show "customers without an order" join left=tables/customers.csv right=tables/orders.csv - -D format=csv -D header -D field=id -D right-field=customer -D kind=anti
