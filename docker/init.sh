#!/bin/sh
# Before all else: the secrets, the configuration, who owns which volume, and the health probe. Root,
# with the one capability to give files away.
set -eu
umask 077

# Made at the first start, in a volume of its own: never in the image, the environment or git.
# To read one:  docker compose run --rm --no-deps init cat /secrets/grafana_admin_password
secret() { # NAME OWNER:GROUP MODE
  [ -s "/secrets/$1" ] && return
  head -c 33 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' > "/secrets/.$1"
  chmod "$3" "/secrets/.$1"
  chown "$2" "/secrets/.$1"
  mv "/secrets/.$1" "/secrets/$1" # whole, or not at all
  echo "made: $1"
}
APP=10000 POSTGRES=70 GRAFANA=472
secret secret_key "$APP:$APP" 0400
secret postgres_password "$POSTGRES:$APP" 0440
secret grafana_admin_password "$GRAFANA:0" 0400
chmod 0755 /secrets # to pass through; each file says who may read it

# These images have no such folder, so that the volume comes as root's.
chown 10001:10001 /volumes/*

# busybox, linked statically: called wget, it is wget. The collector's image has no program but the
# collector, which can't ask itself how it is.
cp /stack/bin/busybox /probe/.wget
chmod 0755 /probe /probe/.wget
mv /probe/.wget /probe/wget

# What the servers read, at each start: the image may be a newer one, the ports others. In it the
# links lead to the usual ports; here they lead to those that are published.
cd /stack
for folder in $(find otel grafana -type d); do
  mkdir -p "/configuration/$folder"
  chmod 0755 "/configuration" "/configuration/$folder"
done
for file in $(find otel grafana -type f); do
  case $file in
    *.json)
      sed -e 's#127\.0\.0\.1:8000#127.0.0.1:@APP@#g' \
        -e 's#127\.0\.0\.1:16686#127.0.0.1:@TRACES@#g' \
        -e 's#127\.0\.0\.1:3000#127.0.0.1:@GRAFANA@#g' \
        -e 's#127\.0\.0\.1:8004#127.0.0.1:@PAGE@#g' \
        -e "s#@APP@#$APP_PORT#g" -e "s#@TRACES@#$TRACES_PORT#g" -e "s#@GRAFANA@#$GRAFANA_PORT#g" \
        -e "s#@PAGE@#$PAGE_PORT#g" \
        "$file" > "/configuration/$file.new"
      ;;
    *) cat "$file" > "/configuration/$file.new" ;;
  esac
  chmod 0644 "/configuration/$file.new"
  mv "/configuration/$file.new" "/configuration/$file" # whole, or not at all
done
echo "ready"
