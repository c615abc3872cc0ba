# For tests/*.sh, which run with SVERTKA (the program), SOURCE_DIR and
# BUILD_DIR. Gives $work, a folder that goes away at the end.
set -eu
# Tables with all their columns, unless a test says otherwise.
export COLUMNS=1000
: "${SOURCE_DIR:?run by ctest}" "${BUILD_DIR:?run by ctest}"
work=$(mktemp -d "${TMPDIR:-/tmp}/svertka.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# status WANTED WORDS COMMAND...: exit status and a line of the messages,
# which stay in err.
status() {
  wanted=$1 words=$2
  shift 2
  got=0
  "$@" >out 2>err || got=$?
  [ $got = "$wanted" ] || fail "exit status $got, not $wanted: $* $(cat err)"
  grep -q -e "$words" err || fail "'$words' is not said by: $* $(cat err)"
}

# fashion SPLIT COUNT FOLDER: so many images of Fashion-MNIST, with headers that
# say so; SPLIT is train or t10k.
fashion() {
  source=${SVERTKA_DATA:-/usr/share/datasets}/fashion-mnist
  [ -d "$source" ] || source=/usr/share/datasets/fashion-mnist
  [ -d "$source" ] || fail "there is no Fashion-MNIST in $source"
  high=$(printf '%03o' $(($2 / 256))) low=$(printf '%03o' $(($2 % 256)))
  images=$(ls "$source/$1-images"*) labels=$(ls "$source/$1-labels"*)
  {
    printf "\\0\\0\\010\\003\\0\\0\\$high\\$low\\0\\0\\0\\034\\0\\0\\0\\034"
    gzip -cdf "$images" | tail -c +17 | head -c $((784 * $2))
  } >"$3/$1-images-idx3-ubyte"
  {
    printf "\\0\\0\\010\\001\\0\\0\\$high\\$low"
    gzip -cdf "$labels" | tail -c +9 | head -c "$2"
  } >"$3/$1-labels-idx1-ubyte"
}

# kill_once_saved FOLDER PROCESS: SIGKILL as soon as the run has a checkpoint;
# false if it had ended before.
kill_once_saved() {
  tries=0
  while ! [ -s "$1/last.onnx" ]; do
    tries=$((tries + 1))
    [ $tries -lt 6000 ] || fail "nothing is saved in $1: $(cat err)"
    kill -0 "$2" 2>/dev/null || break
    sleep 0.01
  done
  kill -KILL "$2" 2>/dev/null || :
  if wait "$2" 2>/dev/null; then
    echo "note: SIGKILL came too late"
    return 1
  fi
}
